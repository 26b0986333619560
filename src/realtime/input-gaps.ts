import type { AudioFrame } from '../call/caller-leg.ts'
import type { Base64 } from '../wire/base64.ts'
import { BYTES_PER_MS, silence } from '../wire/mulaw.ts'

/** The SDK's limits for a bad line. The SDK would apply them in its frame listener, which frames do not pass here. */
const MAX_PADDING_MS = 10_000
const INACTIVITY_MS = 750
const INACTIVITY_SILENCE_MS = 1_000

/**
 * Keeps the model's clock in step with the caller's: frames that the network lost are replaced by silence, so that a
 * pause stays a pause. (@openai/agents-extensions 0.18.0, TwilioRealtimeTransportLayer: `#sendTwilioAudio`)
 */
export class InputGaps {
  readonly #fill: (silence: Base64) => void
  #canTell = false
  #nextMs: number | undefined
  /** NaN before the first frame, and never undefined: V8 updates a field that is always a double in place. */
  #lastMediaAt = Number.NaN
  #isSpeech = false
  #alreadyFilled = false
  #timer: NodeJS.Timeout | undefined

  /** @param fill is called with mu-law silence for the model */
  constructor(fill: (silence: Base64) => void) {
    this.#fill = fill
  }

  /** @param isMulaw8k false: lengths in ms cannot be told from bytes, so gaps are not filled */
  reset(isMulaw8k: boolean): void {
    this.#canTell = isMulaw8k
    this.restart()
  }

  /** Forgets where the last frame ended, because a new session has heard nothing yet. */
  restart(): void {
    this.#stopWatching()
    this.#nextMs = undefined
    this.#lastMediaAt = Number.NaN
    this.#isSpeech = false
    this.#alreadyFilled = false
  }

  /** Fills the gap between the last frame and this one. Call it before this frame is passed on. */
  before({ audio, timestampMs }: AudioFrame): void {
    if (!this.#canTell || timestampMs === undefined) {
      this.#nextMs = undefined
    } else if (this.#nextMs !== undefined && timestampMs < this.#nextMs) {
      this.#nextMs = undefined
    } else {
      const missingMs = this.#nextMs === undefined ? 0 : timestampMs - this.#nextMs
      if (missingMs > 0 && !this.#alreadyFilled) this.#fill(silence(Math.min(Math.floor(missingMs), MAX_PADDING_MS)))
      this.#nextMs = timestampMs + audio.byteLength / BYTES_PER_MS
    }
    this.#alreadyFilled = false
    this.#lastMediaAt = performance.now()
    // When frames stop while the caller speaks, the model would wait for the end of the sentence.
    if (this.#isSpeech && !this.#timer) this.#watch()
  }

  speechStarted(): void {
    this.#isSpeech = true
    this.#stopWatching()
    this.#watch()
  }

  speechStopped(): void {
    this.#isSpeech = false
    this.#stopWatching()
  }

  /** One timer, which reads the clock when it fires. A new timer for each frame would cost more than the frame. */
  #watch(): void {
    if (!this.#canTell || Number.isNaN(this.#lastMediaAt)) return
    const leftMs = this.#lastMediaAt + INACTIVITY_MS - performance.now()
    this.#timer = setTimeout(() => this.#look(), Math.max(0, leftMs)).unref()
  }

  #look(): void {
    this.#timer = undefined
    if (this.#lastMediaAt + INACTIVITY_MS > performance.now()) return this.#watch()
    this.#fill(silence(INACTIVITY_SILENCE_MS))
    this.#alreadyFilled = true
  }

  #stopWatching(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
