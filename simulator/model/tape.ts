import { BYTES_PER_MS } from '../sound/mulaw.ts'

/**
 * All audio that the client appended. The buffer grows by doubling, so that an hour of 20 ms frames needs few copies.
 */
export class Tape {
  #bytes = Buffer.alloc(0)
  #length = 0
  readonly #keep: boolean

  /** @param keep false: count only (hundreds of calls in one process) */
  constructor(keep: boolean) {
    this.#keep = keep
  }

  get length(): number {
    return this.#length
  }

  get ms(): number {
    return Math.floor(this.#length / BYTES_PER_MS)
  }

  append(audio: Buffer): void {
    if (this.#keep) {
      this.#reserve(this.#length + audio.length)
      audio.copy(this.#bytes, this.#length)
    }
    this.#length += audio.length
  }

  slice(from = 0, to = this.#length): Buffer {
    return Buffer.from(this.#bytes.subarray(from, Math.min(to, this.#length)))
  }

  #reserve(size: number): void {
    if (size <= this.#bytes.length) return
    const grown = Buffer.alloc(Math.max(size, this.#bytes.length * 2, 16_000))
    this.#bytes.copy(grown)
    this.#bytes = grown
  }
}
