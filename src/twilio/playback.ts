import { BYTES_PER_MS } from './frames.ts'

/** What the caller has heard of one item (one spoken answer) of the model's. */
export interface Heard {
  readonly itemId: string
  /** Audio sent to Twilio for it, in ms. */
  readonly sentMs: number
  /** Audio that Twilio said was played, in ms: exact to the audio between two marks. */
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
  readonly item: Item | undefined
  /** Where in the item this mark stands, in ms. */
  readonly atMs: number
}

/** The SDK names its marks `<item>:<ms>:g<n>:m<n>`, and `done:<item>:g<n>:m<n>` after the last audio of an item. */
const SDK_MARK = /^(?:done:)?(.+?)(?::\d+)?:g\d+:m\d+$/

/** A mark of ours: the SDK would warn that it does not know it. */
export function isOurMark(name: string): boolean {
  return !SDK_MARK.test(name)
}

/**
 * What was heard, as opposed to generated: fed with every media, mark and clear that goes to Twilio and every mark that
 * comes back. A mark that comes back after a `clear` proves nothing, because Twilio returns all pending marks then
 * (Twilio Media Streams: clear message), so those are forgotten as the clear goes out.
 */
export class Playback {
  readonly #items = new Map<string, Item>()
  readonly #pending = new Map<string, PendingMark>()
  /** Those that are not heard to their end, as yet. */
  readonly #playing = new Set<Item>()
  #unmarkedBytes = 0

  /** Audio that Twilio has not played, as far as we know. */
  get isPlaying(): boolean {
    return this.#pending.size > 0 || this.#unmarkedBytes > 0
  }

  /** Audio at Twilio that has not been heard, in ms. */
  get aheadMs(): number {
    let unheardMs = this.#unmarkedBytes / BYTES_PER_MS
    for (const item of this.#playing) unheardMs += item.sentMs - item.playedMs
    return unheardMs
  }

  /** What was heard of an item; undefined when nothing of it was ever sent. */
  heard(itemId: string): Heard | undefined {
    return this.#items.get(itemId)
  }

  sentMedia(bytes: number): void {
    this.#unmarkedBytes += bytes
  }

  sentMark(name: string): void {
    const itemId = SDK_MARK.exec(name)?.[1]
    const item = itemId === undefined ? undefined : this.#itemFor(itemId)
    if (item && this.#unmarkedBytes > 0) {
      item.sentMs += this.#unmarkedBytes / BYTES_PER_MS
      if (!item.cut) this.#playing.add(item)
    }
    this.#unmarkedBytes = 0
    this.#pending.set(name, { item, atMs: item?.sentMs ?? 0 })
  }

  /** Returns whether the mark came back because everything before it was played. */
  markCameBack(name: string): boolean {
    const mark = this.#pending.get(name)
    if (!mark) return false
    this.#pending.delete(name)
    if (mark.item) {
      mark.item.playedMs = Math.max(mark.item.playedMs, mark.atMs)
      if (mark.item.playedMs >= mark.item.sentMs) this.#playing.delete(mark.item)
    }
    return true
  }

  sentClear(): void {
    for (const { item } of this.#pending.values()) if (item && item.playedMs < item.sentMs) item.cut = true
    this.#pending.clear()
    for (const item of this.#playing) if (item.cut) this.#playing.delete(item)
    this.#unmarkedBytes = 0
  }

  #itemFor(itemId: string): Item {
    const known = this.#items.get(itemId)
    if (known) return known
    const item = { itemId, sentMs: 0, playedMs: 0, cut: false }
    this.#items.set(itemId, item)
    return item
  }
}
