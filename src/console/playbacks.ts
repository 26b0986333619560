import type { Range } from './range.ts'

/** A player asks for the beginning twice before it plays: once for the length, once for the sound. */
const SAME_START_MS = 5_000
/** A range that comes this long after the last one belongs to another playback. */
const SAME_PLAYBACK_MS = 3_600_000

/** Tells playbacks from the many ranges that a player asks for in each. */
export class Playbacks {
  readonly #lastAt = new Map<string, number>()

  /** @param key of a recording and who plays it @param range undefined for the whole recording */
  isNew(key: string, range: Range | undefined, now = Date.now()): boolean {
    for (const [other, at] of this.#lastAt) if (now - at > SAME_PLAYBACK_MS) this.#lastAt.delete(other)
    const lastAt = this.#lastAt.get(key)
    this.#lastAt.set(key, now)
    if (lastAt === undefined || range === undefined) return true
    return range.start === 0 && now - lastAt > SAME_START_MS
  }
}
