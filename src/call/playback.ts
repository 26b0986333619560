import { BYTES_PER_MS } from '../wire/mulaw.ts'

/** Whose sound it is: one spoken answer of the agent's, by its item id, or the server's own (a tone, hold music). */
export type Owner = { readonly item: string } | 'house'

/** What the caller has heard of one item (one spoken answer) of the model's. */
export interface Heard {
  readonly itemId: string
  /** Audio sent to Twilio for it, in ms. */
  readonly sentMs: number
  /** Audio that was played, in ms: exact to the audio between two marks, or by the clock when the stream ended in it. */
  readonly playedMs: number
  /** A `clear`, or the end of the stream, took the rest away. */
  readonly cut: boolean
}

/** What came of a mark that came back, a look at the clock, a `clear` or the end. */
export interface Answered {
  /** Marks of items, in order; those of the house are not told. */
  readonly marks: readonly string[]
  /** Items of which nothing more will be played, each once. */
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
  /** Up to where it was played or taken back. */
  goneMs: number
  cut: boolean
}

interface PendingMark {
  readonly name: string
  /** Undefined for sound of the house. */
  readonly item: Item | undefined
  /** Where in the item this mark stands, in ms. */
  readonly atMs: number
  /** Nothing more of the item comes after it. */
  readonly isLast: boolean
  /** It stands behind audio of the agent's that was not played yet. */
  readonly isVoice: boolean
  /** Where it stands in all that was sent, in ms. */
  readonly totalMs: number
  /** When everything before it will have been played, if Twilio plays without a pause; see `#lateMs`. */
  readonly dueAt: number
  /** Twilio was asked for it; the others are answered from the marks around them and from the clock. */
  readonly isOnWire: boolean
}

/** Twilio is asked for one mark in so much audio: one for each delta of 20 ms would be two messages for nothing. */
const MARK_EVERY_MS = 200
/** A mark is on its way back for no longer than this on a line that is well. Until then the clock is believed without it. */
const UNDERWAY_MS = 300
/** A mark that is this late does not come back: its audio counts as played. */
const MARGIN_MS = 2_000

/**
 * What was heard, as opposed to generated: fed with every media, mark and clear that goes to Twilio and every mark that
 * comes back. Its clock knows when each mark is due, because Twilio plays in order and in real time, and every mark that
 * comes back puts the clock right; so marks that were not sent, or do not come back, are answered too. A mark that comes
 * back after a `clear` proves nothing, because Twilio returns all pending marks then (Twilio Media Streams: clear
 * message): those are forgotten as the clear goes out.
 */
export class Playback {
  readonly #now: () => number
  readonly #items = new Map<string, Item>()
  /** Items that were not told as heard, in the order in which they began. */
  readonly #open = new Set<Item>()
  /** In the order in which they were sent, which is the order in which they come due. */
  readonly #pending = new Map<string, PendingMark>()
  /** Marks that were answered by the clock and may still come back, which tells how late the clock has to be. */
  readonly #answered = new Map<string, PendingMark>()
  /** All that was sent, and of it what was played or taken back. */
  #sentMs = 0
  #pastMs = 0
  /** Pending marks with the agent's voice before them. */
  #voiceMarks = 0
  #unmarkedMs = 0
  /** Audio since the last mark that Twilio was asked for. */
  #sinceWireMs = 0
  /** When everything that was sent will have been played, if Twilio plays without a pause. */
  #endsAt = 0
  /** How much later than that marks come back. */
  #lateMs = 0

  /** @param now a monotonic clock, in ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Sound that Twilio has not played, as far as we know, whoever's it is. */
  get isPlaying(): boolean {
    return this.#pending.size > 0 || this.#unmarkedMs > 0
  }

  /** The caller hears the agent, or soon will. */
  get isAgentPlaying(): boolean {
    return this.#voiceMarks > 0
  }

  /** Audio at Twilio that no mark has proved to be heard, in ms; never more than there can be by the clock. */
  get aheadMs(): number {
    const byClockMs = this.#endsAt + this.#lateMs + MARGIN_MS - this.#now()
    return Math.max(0, Math.min(this.#sentMs - this.#pastMs, byClockMs))
  }

  /** When `answerDue` will have something to say that no mark has said before, on the clock of `now`; undefined: never. */
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
      // Nothing is left to play: what is sent now begins now.
      this.#endsAt = now
      this.#lateMs = 0
    }
    this.#endsAt += ms
    this.#sentMs += ms
    this.#unmarkedMs += ms
    this.#sinceWireMs += ms
    if (owner !== 'house') this.#itemFor(owner.item).sentMs += ms
  }

  /**
   * @param itemId undefined for the house's
   * @param isLast nothing more of this item comes
   * @returns whether Twilio is to be asked for this mark
   */
  mark(name: string, itemId: string | undefined, isLast: boolean): boolean {
    const item = itemId === undefined ? undefined : this.#itemFor(itemId)
    this.#unmarkedMs = 0
    const isOnWire = item === undefined || isLast || this.#sinceWireMs >= MARK_EVERY_MS
    if (isOnWire) this.#sinceWireMs = 0
    const dueAt = Math.max(this.#endsAt, this.#now() - this.#lateMs)
    // The last mark of an item that the model spoke slower than it was played has nothing before it to be heard.
    const isVoice = item !== undefined && item.sentMs > item.goneMs
    const atMs = item?.sentMs ?? 0
    this.#pending.set(name, { name, item, atMs, isLast, isVoice, totalMs: this.#sentMs, dueAt, isOnWire })
    if (isVoice) this.#voiceMarks += 1
    return isOnWire
  }

  /** Twilio returned a mark: everything before it was played, unless a `clear` went out since. */
  markCameBack(name: string): Answered {
    const answering: Answering = { marks: [], heard: [] }
    const old = this.#answered.get(name)
    if (old) {
      this.#lateMs = this.#now() - old.dueAt
      this.#answered.delete(name)
    }
    const mark = this.#pending.get(name)
    if (!mark) return answering
    this.#lateMs = this.#now() - mark.dueAt
    for (const earlier of this.#pending.values()) {
      this.#answer(earlier, answering)
      if (earlier === mark) break
      if (earlier.isOnWire) this.#keepAnswered(earlier)
    }
    return answering
  }

  /** Answers the marks whose audio has been played by the clock, and that no mark will answer sooner. */
  answerDue(): Answered {
    const answering: Answering = { marks: [], heard: [] }
    const now = this.#now() - this.#lateMs
    for (const mark of this.#pending.values()) {
      const overdueMs = now - mark.dueAt
      if (overdueMs < 0) break
      if (mark.isOnWire && overdueMs < MARGIN_MS) {
        // It should be here by now: Twilio plays later than the clock says, nobody knows how much.
        if (overdueMs > UNDERWAY_MS) break
        continue
      }
      this.#answer(mark, answering)
      if (mark.isOnWire) this.#keepAnswered(mark)
    }
    return answering
  }

  /** A `clear` goes out: what was not played is taken back. */
  cleared(): Answered {
    const answering: Answering = { marks: [], heard: [] }
    for (const { name, item } of this.#pending.values()) if (item) answering.marks.push(name)
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

  /** The stream ends: no mark comes back any more, so what was heard is what has been played by the clock. */
  ended(): Answered {
    const now = this.#now() - this.#lateMs
    for (const { item, atMs, dueAt } of this.#pending.values()) {
      if (item) item.playedMs = Math.max(item.playedMs, atMs - Math.max(0, Math.ceil(dueAt - now)))
    }
    return { marks: [], heard: this.cleared().heard }
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
    // Items are spoken one after the other: one that was left without its last mark is over when the next is heard.
    for (const earlier of this.#open) {
      if (earlier === item || !this.#open.has(item)) break
      if (earlier.playedMs >= earlier.sentMs) this.#tell(earlier, answering)
    }
    if (mark.isLast && this.#open.has(item)) this.#tell(item, answering)
  }

  #tell(item: Item, { heard }: Answering): void {
    this.#open.delete(item)
    const { itemId, sentMs, playedMs, cut } = item
    heard.push({ itemId, sentMs, playedMs, cut })
  }

  /** Only the last few can still come back; a line on which none does must not collect them. */
  #keepAnswered(mark: PendingMark): void {
    this.#answered.set(mark.name, mark)
    const [oldest] = this.#answered.keys()
    if (this.#answered.size > 50 && oldest !== undefined) this.#answered.delete(oldest)
  }

  #itemFor(itemId: string): Item {
    const known = this.#items.get(itemId)
    if (known) return known
    const item = { itemId, sentMs: 0, playedMs: 0, goneMs: 0, cut: false }
    this.#items.set(itemId, item)
    this.#open.add(item)
    return item
  }
}
