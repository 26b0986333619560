import { BYTES_PER_MS, silence } from '../sound/mulaw.ts'

/**
 * Pieces of sound with the call's time at which each began; silence is between them. Pieces are added in order and do
 * not overlap.
 */
export class Tape {
  #pieces: { atMs: number; mulaw: Uint8Array }[] = []

  add(atMs: number, mulaw: Uint8Array): void {
    this.#pieces.push({ atMs, mulaw })
  }

  /** Removes the sound after `ms`. */
  cut(ms: number): void {
    for (let last = this.#pieces.at(-1); last; last = this.#pieces.at(-1)) {
      const keptBytes = Math.round((ms - last.atMs) * BYTES_PER_MS)
      if (keptBytes >= last.mulaw.length) return
      if (keptBytes > 0) {
        last.mulaw = last.mulaw.subarray(0, keptBytes)
        return
      }
      this.#pieces.pop()
    }
  }

  between(fromMs: number, toMs: number): Buffer {
    const sound = silence(Math.max(0, toMs - fromMs))
    for (const { atMs, mulaw } of this.#pieces) {
      const at = Math.round((atMs - fromMs) * BYTES_PER_MS)
      if (at >= 0 && at < sound.length) sound.set(mulaw.subarray(0, sound.length - at), at)
    }
    return sound
  }
}
