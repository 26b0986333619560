import { Base64 } from '../wire/base64.ts'
import { BYTES_PER_MS } from '../wire/mulaw.ts'

/** What voice activity detection needs to have heard before it says that speech began. */
const LEAD_IN = 400 * BYTES_PER_MS
/** Longer than anybody talks before a model is given up. */
const MOST = 30_000 * BYTES_PER_MS
/** A model answers a ping every three seconds; one that hears speech says so within a second. */
const CHANCES = 2
/** The model says every three seconds that it has heard; what most callers say in one go has room without more. */
const ROOM = 6_000 * BYTES_PER_MS
const MORE_ROOM = 1_000 * BYTES_PER_MS

/**
 * The caller's words that the model has heard but not understood yet, or may never have heard. A model that is lost takes
 * them with it, so they are kept until it has answered or written them down, and are given to the next one. Kept as bytes
 * in one buffer: as frames, thousands of small objects would live just long enough to be expensive.
 */
export class RecentAudio {
  #bytes = Buffer.allocUnsafeSlow(ROOM)
  #length = 0
  #isOpen = false
  /** Where the words begin that are being spoken now; undefined while nobody speaks. */
  #speechFrom: number | undefined
  /** Pings that a model may still answer without noticing that the words it was given again are words. */
  #chances = 0

  push(audio: Base64): void {
    const size = audio.byteLength
    if (this.#length + size > MOST) this.#keepFrom(this.#length + size - MOST)
    if (this.#length + size > this.#bytes.length) this.#resize(this.#length + size + MORE_ROOM)
    audio.decode(this.#bytes, this.#length)
    this.#length += size
  }

  /** The model closed with a goodbye: it has read what was sent to it, and has not noticed that anybody speaks. */
  read(): void {
    if (!this.#isOpen) this.#keepFrom(this.#length - LEAD_IN)
  }

  /** The model answered a ping, which comes every few seconds: it is there, and has read what was sent before. */
  alive(): void {
    // Words that were given again arrive in one piece, and a first pong may overtake what is made of them.
    if (this.#chances > 0) {
      this.#chances -= 1
      if (this.#chances === 0) {
        this.#isOpen = false
        this.#speechFrom = undefined
      }
    }
    this.read()
  }

  speechStarted(): void {
    this.read()
    this.#chances = 0
    // Words that were given again are one piece with what is being spoken since.
    if (!this.#isOpen || this.#speechFrom === undefined) this.#speechFrom = Math.max(0, this.#length - LEAD_IN)
    this.#isOpen = true
  }

  speechStopped(): void {
    this.#speechFrom = undefined
  }

  /** The words were answered or written down; those that are being spoken since are not. */
  understood(): void {
    this.#chances = 0
    this.#isOpen = this.#speechFrom !== undefined
    this.#keepFrom(this.#speechFrom ?? this.#length - LEAD_IN)
  }

  /** There are words that nobody has understood. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Those words, or else what no model has acknowledged, for the next one, which has them pushed again; undefined when
   * there is nothing. Words that were open stay open: the next model has not understood them yet either.
   */
  take(): Base64 | undefined {
    const audio = this.#length === 0 ? undefined : Base64.encode(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    this.#chances = this.#isOpen ? CHANCES : 0
    this.#speechFrom = this.#isOpen ? 0 : undefined
    return audio
  }

  #keepFrom(start: number): void {
    if (start <= 0) return
    this.#bytes.copyWithin(0, start, this.#length)
    this.#length -= start
    if (this.#bytes.length > ROOM && this.#length <= ROOM) this.#resize(ROOM)
    if (this.#speechFrom !== undefined) this.#speechFrom = Math.max(0, this.#speechFrom - start)
  }

  #resize(size: number): void {
    const bytes = Buffer.allocUnsafeSlow(size)
    this.#bytes.copy(bytes, 0, 0, this.#length)
    this.#bytes = bytes
  }
}
