/** Twilio sends 50 frames a second. A burst after a network stall is allowed, a lasting flood is not. */
const MAX_FRAMES_PER_SECOND = 200
/** A burst of this many frames (10 s of audio) is what a stalled network may deliver at once. */
const MAX_BURST_FRAMES = 500
/** Twilio sends `start` at once. A stream without one belongs to no call and must not keep a model socket. */
const START_LIMIT_MS = 5_000
/** Twilio sends a frame every 20 ms, also in silence. A stream without one for this long has lost the line. */
const QUIET_LIMIT_MS = 10_000

/** Checks that a stream brings as many messages as a phone line does: not too many, and not none. */
export class Liveness {
  readonly #onDead: (gone: 'no start' | 'quiet') => void
  #timer: NodeJS.Timeout
  #lastMessageAt = performance.now()
  #credit = MAX_BURST_FRAMES
  #creditAt = performance.now()
  /**
   * Marks that Twilio has yet to return, all at once after a `clear`. This server caused them, so they do not count.
   */
  #marksOwed = 0

  /** @param onDead called at most once: no `start` came, or no message for too long after it */
  constructor(onDead: (gone: 'no start' | 'quiet') => void) {
    this.#onDead = onDead
    this.#timer = setTimeout(onDead, START_LIMIT_MS, 'no start').unref()
  }

  /** Time since Twilio's last message of any kind, in ms. */
  get quietMs(): number {
    return performance.now() - this.#lastMessageAt
  }

  started(): void {
    this.stop()
    this.#watch(QUIET_LIMIT_MS)
  }

  /** @returns false when the limit is exceeded */
  message(): boolean {
    const now = performance.now()
    this.#lastMessageAt = now
    return this.#spend(now)
  }

  /** ws answers each ping, so pings cost as much as frames. @returns false when the limit is exceeded */
  ping(): boolean {
    return this.#spend(performance.now())
  }

  markSent(): void {
    this.#marksOwed += 1
    this.#credit += 1
  }

  markCameBack(): void {
    if (this.#marksOwed > 0) this.#marksOwed -= 1
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #spend(now: number): boolean {
    const earned = ((now - this.#creditAt) / 1_000) * MAX_FRAMES_PER_SECOND
    this.#credit = Math.min(MAX_BURST_FRAMES + this.#marksOwed, this.#credit + earned) - 1
    this.#creditAt = now
    return this.#credit >= 0
  }

  /** One timer for all messages. It reads the clock, and is set again only when it has fired. */
  #watch(ms: number): void {
    this.#timer = setTimeout(() => {
      const leftMs = QUIET_LIMIT_MS - this.quietMs
      if (leftMs > 0) this.#watch(Math.ceil(leftMs))
      else this.#onDead('quiet')
    }, ms).unref()
  }
}
