import { Base64 } from '../wire/base64.ts'
import { BYTES_PER_MS, isVoiced } from '../wire/mulaw.ts'

/** Audio that voice activity detection needs before it reports speech. */
const LEAD_IN = 400 * BYTES_PER_MS
/** A frame of Twilio's. */
const WINDOW = 20 * BYTES_PER_MS
const PAUSE = 200 * BYTES_PER_MS
/** The most audio that is kept, longer than a caller talks before a lost model is noticed. */
const MOST = 30_000 * BYTES_PER_MS
/** Pings come every 3 s, and a model that hears speech says so within a second. */
const CHANCES = 2
/** A pong every 3 s frees the buffer, so this has room for most turns. */
const ROOM = 6_000 * BYTES_PER_MS
const MORE_ROOM = 1_000 * BYTES_PER_MS

/**
 * The caller's words that the model has heard but not understood yet, or may never have heard. They would be lost with
 * the model, so they are kept until the model has answered or transcribed them, and are given to the next session. Kept
 * as bytes in one buffer: as frames they would be thousands of small objects.
 */
export class RecentAudio {
  #bytes = Buffer.allocUnsafeSlow(ROOM)
  #length = 0
  #isOpen = false
  /** Where the words that are being spoken now begin; undefined while the caller is silent. */
  #speechFrom: number | undefined
  /** Pongs that may still come before words that were given again count as no words. */
  #chances = 0

  push(audio: Base64): void {
    const size = audio.byteLength
    if (this.#length + size > MOST) this.#keepFrom(this.#length + size - MOST)
    if (this.#length + size > this.#bytes.length) this.#resize(this.#length + size + MORE_ROOM)
    audio.decode(this.#bytes, this.#length)
    this.#length += size
  }

  /** The model closed cleanly: it has read everything that was sent, and noticed no speech. */
  read(): void {
    if (!this.#isOpen) this.#keepFrom(this.#length - LEAD_IN)
  }

  /** The model answered a ping: it is there, and has read everything that was sent before. */
  alive(): void {
    // Words that were given again arrive in one piece, and the first pong may come before the model has noticed them.
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
    // Words that were given again and the words spoken since count as one piece.
    if (!this.#isOpen || this.#speechFrom === undefined) this.#speechFrom = Math.max(0, this.#length - LEAD_IN)
    this.#isOpen = true
  }

  speechStopped(): void {
    this.#speechFrom = undefined
  }

  /** The words were answered or transcribed; the words spoken since were not. */
  understood(): void {
    this.#chances = 0
    this.#isOpen = this.#speechFrom !== undefined
    this.#keepFrom(this.#speechFrom ?? this.#length - LEAD_IN)
  }

  /**
   * The silence at the end, in ms; undefined when there is no voice in what is kept. Looked for from the end and only
   * when it is asked for: measuring every frame would cost more than all other work on it.
   */
  get quietMs(): number | undefined {
    const end = this.#voiceEnd()
    return end === undefined ? undefined : (this.#length - end) / BYTES_PER_MS
  }

  /** The voice at the end, in ms, back to the last pause; a sound of speech may have PAUSE of quiet in it. */
  get voicedMs(): number {
    let start = this.#voiceEnd()
    if (start === undefined) return 0
    let first = start
    while (start >= WINDOW && first - start < PAUSE) {
      start -= WINDOW
      if (isVoiced(this.#bytes.subarray(start, start + WINDOW))) first = start
    }
    return (this.#length - first) / BYTES_PER_MS
  }

  /** There are words that no model has answered or transcribed. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /**
   * Takes those words, else the audio that no model has acknowledged, for the next session; undefined when there is
   * none. The caller of this method pushes the audio again. Open words stay open, because the next session has not
   * understood them either.
   */
  take(): Base64 | undefined {
    const audio = this.#length === 0 ? undefined : Base64.encode(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    this.#chances = this.#isOpen ? CHANCES : 0
    this.#speechFrom = this.#isOpen ? 0 : undefined
    return audio
  }

  /** Where the last voiced window ends. */
  #voiceEnd(): number | undefined {
    for (let end = this.#length; end >= WINDOW; end -= WINDOW) {
      if (isVoiced(this.#bytes.subarray(end - WINDOW, end))) return end
    }
    return undefined
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
