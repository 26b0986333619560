import { BYTES_PER_MS } from '../wire/mulaw.ts'

/** Whose sound it is: one spoken answer of the agent's, by its item id, or the server's own (a tone, hold music). */
export type Owner = { readonly item: string } | 'house'

/** What the caller has heard of one item (one spoken answer) of the model's. */
export interface Heard {
  readonly itemId: string
  /** Audio sent to Twilio for it, in ms. */
  readonly sentMs: number
  /** Audio that was played, in ms: exact to the audio between two marks. */
  readonly playedMs: number
  /** A `clear` took the rest away. */
  readonly cut: boolean
}

interface Item {
  readonly itemId: string
  sentMs: number
  playedMs: number
  cut: boolean
}

interface PendingMark {
  readonly name: string
  /** Undefined for sound of the house. */
  readonly item: Item | undefined
  /** Where in the item this mark stands, in ms. */
  readonly atMs: number
  /** Where it stands in all that was sent, in ms. */
  readonly totalMs: number
  /** When everything before it will have been played, if Twilio plays without a pause; see `#lateMs`. */
  readonly dueAt: number
  /** Twilio was asked for it; the others are answered from the marks around them and from the clock. */
  readonly isOnWire: boolean
}

/** The SDK names its marks `<item>:<ms>:g<n>:m<n>`, and `done:<item>:g<n>:m<n>` after the last audio of an item. */
const SDK_MARK = /^(done:)?(.+?)(?::\d+)?:g\d+:m\d+$/

/** A mark of the server's own: the SDK would warn that it does not know it. */
export function isOurMark(name: string): boolean {
  return !SDK_MARK.test(name)
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
  /** In the order in which they were sent, which is the order in which they come due. */
  readonly #pending = new Map<string, PendingMark>()
  /** Marks that were answered by the clock and may still come back, which tells how late the clock has to be. */
  readonly #answered = new Map<string, PendingMark>()
  /** All that was sent, and of it what was played or taken back. */
  #sentMs = 0
  #pastMs = 0
  /** Pending marks of the agent's items. */
  #agentMarks = 0
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
    return this.#agentMarks > 0
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

  sentMedia(bytes: number): void {
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
  }

  /** @returns whether Twilio is to be asked for this mark */
  sentMark(name: string): boolean {
    const [, done, itemId] = SDK_MARK.exec(name) ?? []
    const item = itemId === undefined ? undefined : this.#itemFor(itemId)
    if (item) item.sentMs += this.#unmarkedMs
    this.#unmarkedMs = 0
    const isOnWire = item === undefined || done !== undefined || this.#sinceWireMs >= MARK_EVERY_MS
    if (isOnWire) this.#sinceWireMs = 0
    const dueAt = Math.max(this.#endsAt, this.#now() - this.#lateMs)
    this.#pending.set(name, { name, item, atMs: item?.sentMs ?? 0, totalMs: this.#sentMs, dueAt, isOnWire })
    if (item) this.#agentMarks += 1
    return isOnWire
  }

  /**
   * A mark that Twilio returned: everything before it was played, unless a `clear` went out since.
   * @returns the names of the marks before it that are answered by it, and whether it was answered itself before now
   */
  markCameBack(name: string): {
    readonly before: readonly string[]
    readonly isNews: boolean
    readonly isOld: boolean
  } {
    const mark = this.#pending.get(name)
    const old = this.#answered.get(name)
    const before: string[] = []
    if (old) {
      this.#lateMs = this.#now() - old.dueAt
      this.#answered.delete(name)
    }
    if (mark) {
      this.#lateMs = this.#now() - mark.dueAt
      for (const earlier of this.#pending.values()) {
        this.#answer(earlier)
        if (earlier === mark) break
        before.push(earlier.name)
        if (earlier.isOnWire) this.#keepAnswered(earlier)
      }
    }
    return { before, isNews: mark !== undefined, isOld: old !== undefined }
  }

  /** @returns the names of the marks whose audio has been played by the clock, and that no mark will answer sooner */
  answerDue(): string[] {
    const now = this.#now() - this.#lateMs
    const played: string[] = []
    for (const mark of this.#pending.values()) {
      const overdueMs = now - mark.dueAt
      if (overdueMs < 0) break
      if (mark.isOnWire && overdueMs < MARGIN_MS) {
        // It should be here by now: Twilio plays later than the clock says, nobody knows how much.
        if (overdueMs > UNDERWAY_MS) break
        continue
      }
      played.push(mark.name)
      this.#answer(mark)
      if (mark.isOnWire) this.#keepAnswered(mark)
    }
    return played
  }

  /** @returns the names of the marks that Twilio was not asked for and so does not return */
  sentClear(): string[] {
    const withheld: string[] = []
    for (const { name, item, isOnWire } of this.#pending.values()) {
      if (item && item.playedMs < item.sentMs) item.cut = true
      if (!isOnWire) withheld.push(name)
    }
    this.#pending.clear()
    this.#answered.clear()
    this.#pastMs = this.#sentMs
    this.#agentMarks = 0
    this.#unmarkedMs = 0
    this.#sinceWireMs = 0
    this.#endsAt = Math.min(this.#endsAt, this.#now() - this.#lateMs)
    return withheld
  }

  #answer({ name, item, atMs, totalMs }: PendingMark): void {
    this.#pending.delete(name)
    this.#pastMs = Math.max(this.#pastMs, totalMs)
    if (!item) return
    this.#agentMarks -= 1
    item.playedMs = Math.max(item.playedMs, atMs)
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
    const item = { itemId, sentMs: 0, playedMs: 0, cut: false }
    this.#items.set(itemId, item)
    return item
  }
}
