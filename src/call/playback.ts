import { BYTES_PER_MS } from '../wire/mulaw.ts'

/**
 * The owner of a sound: one spoken answer of the agent's, by its item id, or 'house', the server itself (a tone, hold
 * music).
 */
export type Owner = { readonly item: string } | 'house'

/** What the caller has heard of one item (one spoken answer) of the model's. */
export interface Heard {
  readonly itemId: string
  /** Audio sent to Twilio for it, in ms. */
  readonly sentMs: number
  /** Audio that was played, in ms: measured between two marks, or by the clock when the stream ended in between. */
  readonly playedMs: number
  /** A `clear` or the end of the stream discarded the rest. */
  readonly cut: boolean
  /** When its first audio was written to the socket, and when that was played; on the clock of `now`. */
  readonly sentAt: number | undefined
  readonly beganAt: number | undefined
}

/** The result of a returned mark, a look at the clock, a `clear` or the end of the stream. */
export interface Answered {
  /** The answered marks of items, in order. Marks of the owner 'house' are left out. */
  readonly marks: readonly string[]
  /** Items of which nothing more will be played. Each item is reported once. */
  readonly heard: readonly Heard[]
}

interface Answering {
  readonly marks: string[]
  readonly heard: Heard[]
}

interface Item {
  readonly itemId: string
  sentMs: number
  playedMs: number
  /** The position up to which the item was played or discarded, in ms. */
  goneMs: number
  cut: boolean
  sentAt: number | undefined
  beganAt: number | undefined
  /** When its first audio is due to be played. */
  readonly dueAt: number
}

interface PendingMark {
  readonly name: string
  /** Undefined for the owner 'house'. */
  readonly item: Item | undefined
  /** The mark's position in the item, in ms. */
  readonly atMs: number
  /** No more audio of the item follows. */
  readonly isLast: boolean
  /** Audio of the agent's that was not played yet comes before the mark. */
  readonly isVoice: boolean
  /** The mark's position in everything that was sent, in ms. */
  readonly totalMs: number
  /** When everything before the mark will have been played, if Twilio plays without a pause; see `#lateMs`. */
  readonly dueAt: number
  /** The mark was sent to Twilio. Other marks are answered from the marks around them and from the clock. */
  readonly isOnWire: boolean
}

/**
 * One mark is sent to Twilio for this much audio. One for each delta of 20 ms would be two needless messages for each.
 */
const MARK_EVERY_MS = 200
/** A returned mark takes no longer than this on a good line. Until then the clock is believed without it. */
const UNDERWAY_MS = 300
/** A mark that is later than this will not be returned: its audio counts as played. */
const MARGIN_MS = 2_000

/**
 * What was heard, as opposed to generated. Playback gets every media, mark and clear that goes to Twilio and every mark
 * that Twilio returns. Twilio plays in order and in real time, so the clock tells when each mark is due, and every
 * returned mark corrects the clock. Marks that were not sent or are not returned are answered by the clock. After a
 * `clear` Twilio returns all pending marks (Twilio Media Streams: clear message). These prove nothing, so pending marks
 * are forgotten as the clear goes out.
 */
export class Playback {
  readonly #now: () => number
  readonly #items = new Map<string, Item>()
  /** Items that were not reported as heard yet, in the order in which they began. */
  readonly #open = new Set<Item>()
  /** Pending marks in the order in which they were sent, which is the order in which they come due. */
  readonly #pending = new Map<string, PendingMark>()
  /** Marks that the clock answered. When Twilio returns one later, it tells how late Twilio plays. */
  readonly #answered = new Map<string, PendingMark>()
  /** Marks that Twilio returns when it obeys a `clear`. */
  readonly #clearing = new Set<string>()
  /** All audio that was sent, and the part of it that was played or discarded, in ms. */
  #sentMs = 0
  #pastMs = 0
  /** Pending marks with the agent's voice before them. */
  #voiceMarks = 0
  #unmarkedMs = 0
  /** Audio since the last mark that was sent to Twilio, in ms. */
  #sinceWireMs = 0
  /** When everything that was sent will have been played, if Twilio plays without a pause. */
  #endsAt = 0
  /** How much later than due the marks are returned, in ms. */
  #lateMs = 0
  /** The items whose first audio is not on the wire yet. */
  #unwritten: Item[] = []

  /** @param now a monotonic clock, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Twilio has sound, of any owner, that is not known to be played. */
  get isPlaying(): boolean {
    return this.#pending.size > 0 || this.#unmarkedMs > 0
  }

  /** Twilio has audio of the agent's that is not known to be played. */
  get isAgentPlaying(): boolean {
    return this.#voiceMarks > 0
  }

  /** A `clear` is on its way: the marks that Twilio returns when it obeys have not all come. */
  get isClearing(): boolean {
    return this.#clearing.size > 0
  }

  /** Audio at Twilio that no mark has proved to be played, in ms; never more than the clock allows. */
  get aheadMs(): number {
    const byClockMs = this.#endsAt + this.#lateMs + MARGIN_MS - this.#now()
    return Math.max(0, Math.min(this.#sentMs - this.#pastMs, byClockMs))
  }

  /** When `answerDue` can next answer a mark that was not returned, on the clock of `now`; undefined: never. */
  get nextLookAt(): number | undefined {
    let last: PendingMark | undefined
    for (const mark of this.#pending.values()) {
      if (mark.isOnWire) return mark.dueAt + this.#lateMs + MARGIN_MS
      last = mark
    }
    return last && last.dueAt + this.#lateMs
  }

  /** What was heard of an item; undefined when nothing of it was ever sent. */
  heard(itemId: string): Heard | undefined {
    return this.#items.get(itemId)
  }

  sent(bytes: number, owner: Owner): void {
    const ms = bytes / BYTES_PER_MS
    const now = this.#now()
    if (this.#endsAt + this.#lateMs <= now) {
      // Nothing is left to play, so playback of this audio begins now.
      this.#endsAt = now
      this.#lateMs = 0
    }
    // Before the clock moves on: a new item begins when everything before it has been played.
    if (owner !== 'house') this.#itemFor(owner.item).sentMs += ms
    this.#endsAt += ms
    this.#sentMs += ms
    this.#unmarkedMs += ms
    this.#sinceWireMs += ms
  }

  /** Everything that was sent is on the wire now. */
  written(): void {
    if (this.#unwritten.length === 0) return
    const now = this.#now()
    for (const item of this.#unwritten) item.sentAt = now
    this.#unwritten = []
  }

  /**
   * @param itemId undefined for the owner 'house'
   * @param isLast no more audio of this item follows
   * @returns whether the mark is to be sent to Twilio
   */
  mark(name: string, itemId: string | undefined, isLast: boolean): boolean {
    const item = itemId === undefined ? undefined : this.#itemFor(itemId)
    this.#unmarkedMs = 0
    const isOnWire = item === undefined || isLast || this.#sinceWireMs >= MARK_EVERY_MS
    if (isOnWire) this.#sinceWireMs = 0
    const dueAt = Math.max(this.#endsAt, this.#now() - this.#lateMs)
    // When the model generates an item more slowly than it is played, no unplayed audio comes before the last mark.
    const isVoice = item !== undefined && item.sentMs > item.goneMs
    const atMs = item?.sentMs ?? 0
    this.#pending.set(name, { name, item, atMs, isLast, isVoice, totalMs: this.#sentMs, dueAt, isOnWire })
    if (isVoice) this.#voiceMarks += 1
    return isOnWire
  }

  /** Twilio returned a mark: everything before it was played, unless a `clear` went out since. */
  markCameBack(name: string): Answered {
    const answering: Answering = { marks: [], heard: [] }
    this.#clearing.delete(name)
    const old = this.#answered.get(name)
    if (old) {
      this.#lateMs = this.#now() - old.dueAt
      this.#answered.delete(name)
    }
    const mark = this.#pending.get(name)
    if (!mark) return answering
    const now = this.#now()
    this.#lateMs = now - mark.dueAt
    // The first mark of an item tells best when the item began: later ones would count the model's pauses.
    if (mark.item) mark.item.beganAt ??= Math.max(mark.item.sentAt ?? 0, now - mark.atMs)
    for (const earlier of this.#pending.values()) {
      this.#answer(earlier, answering)
      if (earlier === mark) break
      if (earlier.isOnWire) this.#keepAnswered(earlier)
    }
    return answering
  }

  /** Answers the marks whose audio has been played by the clock, and that no returned mark will answer sooner. */
  answerDue(): Answered {
    const answering: Answering = { marks: [], heard: [] }
    const now = this.#now() - this.#lateMs
    for (const mark of this.#pending.values()) {
      const overdueMs = now - mark.dueAt
      if (overdueMs < 0) break
      if (mark.isOnWire && overdueMs < MARGIN_MS) {
        // The mark should have been returned by now: Twilio plays later than the clock, by an unknown time.
        if (overdueMs > UNDERWAY_MS) break
        continue
      }
      this.#answer(mark, answering)
      if (mark.isOnWire) this.#keepAnswered(mark)
    }
    return answering
  }

  /** A `clear` goes out, which discards what was not played. */
  cleared(): Answered {
    const answering: Answering = { marks: [], heard: [] }
    for (const { name, item, isOnWire } of this.#pending.values()) {
      if (item) answering.marks.push(name)
      if (isOnWire) this.#clearing.add(name)
    }
    for (const item of this.#open) {
      item.cut = item.playedMs < item.sentMs
      item.goneMs = item.sentMs
      this.#tell(item, answering)
    }
    this.#pending.clear()
    this.#answered.clear()
    this.#pastMs = this.#sentMs
    this.#voiceMarks = 0
    this.#unmarkedMs = 0
    this.#sinceWireMs = 0
    this.#endsAt = Math.min(this.#endsAt, this.#now() - this.#lateMs)
    return answering
  }

  /** The stream ends and no mark is returned any more, so the clock tells what was heard. */
  ended(): Answered {
    const now = this.#now() - this.#lateMs
    for (const { item, atMs, dueAt } of this.#pending.values()) {
      if (item) item.playedMs = Math.max(item.playedMs, atMs - Math.max(0, Math.ceil(dueAt - now)))
    }
    const { heard } = this.cleared()
    this.#clearing.clear()
    return { marks: [], heard }
  }

  #answer(mark: PendingMark, answering: Answering): void {
    const { name, item, atMs } = mark
    this.#pending.delete(name)
    this.#pastMs = Math.max(this.#pastMs, mark.totalMs)
    if (!item) return
    answering.marks.push(name)
    if (mark.isVoice) this.#voiceMarks -= 1
    item.playedMs = Math.max(item.playedMs, atMs)
    item.goneMs = Math.max(item.goneMs, atMs)
    // Items are played one after the other. An item without its last mark is over when the next item is heard.
    for (const earlier of this.#open) {
      if (earlier === item || !this.#open.has(item)) break
      if (earlier.playedMs >= earlier.sentMs) this.#tell(earlier, answering)
    }
    if (mark.isLast && this.#open.has(item)) this.#tell(item, answering)
  }

  #tell(item: Item, { heard }: Answering): void {
    this.#open.delete(item)
    if (item.playedMs > 0) item.beganAt ??= item.dueAt + this.#lateMs
    const { itemId, sentMs, playedMs, cut, sentAt, beganAt } = item
    heard.push({ itemId, sentMs, playedMs, cut, sentAt, beganAt })
  }

  /** Keeps the last 50 only, so that a line that returns no marks does not collect them. */
  #keepAnswered(mark: PendingMark): void {
    this.#answered.set(mark.name, mark)
    const [oldest] = this.#answered.keys()
    if (this.#answered.size > 50 && oldest !== undefined) this.#answered.delete(oldest)
  }

  #itemFor(itemId: string): Item {
    const known = this.#items.get(itemId)
    if (known) return known
    const dueAt = Math.max(this.#endsAt, this.#now())
    const item: Item = {
      ...{ itemId, sentMs: 0, playedMs: 0, goneMs: 0, cut: false },
      ...{ sentAt: undefined, beganAt: undefined, dueAt }
    }
    this.#items.set(itemId, item)
    this.#unwritten.push(item)
    this.#open.add(item)
    return item
  }
}
