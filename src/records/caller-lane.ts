import type { AudioFrame } from '../call/caller-leg.ts'
import { isVoiced } from '../wire/mulaw.ts'
import { SAMPLES_PER_MS, SECOND_SAMPLES, SILENCE } from './wav.ts'

/** A lane that lies this much beside the arrival of its frames is put right. */
const TOLERANCE_MS = 15
/** The carrier's clock is compared with ours over so many frames: 5 s. */
const WINDOW = 250
/** Beyond this the carrier's timestamps are wrong, and nobody can tell what is lost. */
const JUMP_MS = 1_000
/** Frames come every 20 ms: without one for this long, the last says nothing about the time of what is read now. */
const FRESH_MS = 250
/** Of a silence this much stays when the lane moves back over it: a word begins and ends more softly than a voice. */
const SOFT_MS = 100
const STEP_MS = 10

/** The earliest and the latest time, in ms. */
export type Between = readonly [fromMs: number, toMs: number]

/**
 * Where the caller's frames lie on the call's clock. Frames come late when something has held them up, and never early.
 * So the carrier's timestamps say how far apart they are, and the frame that was held up least says where all of them
 * are. They are held on the carrier's clock until they are laid, when that frame has come.
 */
export class CallerLane {
  /** What is not laid yet, and the time of its first sample on the carrier's clock. */
  #held = Buffer.allocUnsafeSlow(2 * SECOND_SAMPLES)
  #count = 0
  #heldFromMs = 0
  /** From the carrier's clock to the call's; undefined before the first frame. */
  #offsetMs: number | undefined
  /** Added to the timestamps: not 0 after the carrier has begun to count anew. */
  #skewMs = 0
  #isLaid = false
  /** How late the frame came that was held up least, and the frames that were compared for it. */
  #leastLateMs = Number.POSITIVE_INFINITY
  #compared = 0
  /** When the last frame came, and its own time. */
  #heardAtMs = Number.NEGATIVE_INFINITY
  #lastMs = 0

  hear({ audio, timestampMs }: AudioFrame, nowMs: number): void {
    const samples = audio.byteLength
    // A longer one is not the carrier's.
    if (samples > SECOND_SAMPLES) return
    const atMs = this.#onItsClock(timestampMs, nowMs)
    this.#compare(nowMs - atMs)
    this.#heardAtMs = nowMs
    this.#lastMs = atMs
    if (this.#count === 0) this.#heldFromMs = atMs
    const gap = Math.max(0, Math.round((atMs - this.#endMs) * SAMPLES_PER_MS))
    this.#makeRoomFor(gap + samples)
    this.#held.fill(SILENCE, this.#count, this.#count + gap)
    audio.decode(this.#held, this.#count + gap)
    this.#count += gap + samples
  }

  /** When the carrier sent what is read now: after the last frame and before the next, whatever has held up both since. */
  sentBetween(nowMs: number): Between {
    if (this.#offsetMs === undefined || nowMs - this.#heardAtMs > FRESH_MS) return [nowMs, nowMs]
    const [lastMs, nextMs] = [this.#offsetMs + this.#lastMs, this.#offsetMs + this.#endMs]
    return [Math.min(nowMs, lastMs), Math.min(nowMs, nextMs)]
  }

  /**
   * Lays what was heard from sample `from` up to `to`, and forgets it.
   * @param lay gets samples and the call's sample at which they begin
   */
  layOut(from: number, to: number, lay: (samples: Uint8Array, at: number) => void): void {
    if (this.#count === 0) return
    this.#isLaid = true
    const beforeEdge = from - this.#firstSample
    if (beforeEdge > 0) this.#moveOn(beforeEdge)
    const at = this.#firstSample
    const count = Math.min(this.#count, to - at)
    if (count <= 0) return
    lay(this.#held.subarray(0, count), at)
    this.#drop(count)
  }

  /** The call's sample at which the first that is held lies. */
  get #firstSample(): number {
    return Math.round(((this.#offsetMs ?? 0) + this.#heldFromMs) * SAMPLES_PER_MS)
  }

  /** The end of what is held, on the carrier's clock. */
  get #endMs(): number {
    return this.#heldFromMs + this.#count / SAMPLES_PER_MS
  }

  /** A frame's time on the carrier's clock, never before the end of the frame before it. */
  #onItsClock(timestampMs: number | undefined, nowMs: number): number {
    if (this.#offsetMs === undefined) {
      this.#heldFromMs = timestampMs ?? 0
      this.#offsetMs = nowMs - this.#heldFromMs
    }
    const atMs = timestampMs === undefined ? this.#endMs : timestampMs + this.#skewMs
    const isEarly = atMs > nowMs - this.#offsetMs + JUMP_MS
    // The carrier may round.
    if (atMs >= this.#endMs - TOLERANCE_MS && !isEarly) return Math.max(atMs, this.#endMs)
    const rightMs = Math.max(this.#endMs, nowMs - this.#offsetMs)
    this.#skewMs += rightMs - atMs
    return rightMs
  }

  /** @param byItsClockMs the call's time at which a frame came, less the frame's own time */
  #compare(byItsClockMs: number): void {
    const lateMs = byItsClockMs - (this.#offsetMs ?? 0)
    this.#leastLateMs = Math.min(this.#leastLateMs, lateMs)
    this.#compared += 1
    // The frames before this one were held up. `layOut` looks after what is laid already.
    if (lateMs < (this.#isLaid ? -TOLERANCE_MS : 0)) this.#move(lateMs)
    else if (this.#compared >= WINDOW) this.#move(this.#leastLateMs > TOLERANCE_MS ? this.#leastLateMs : 0)
  }

  #move(byMs: number): void {
    this.#offsetMs = (this.#offsetMs ?? 0) + byMs
    this.#leastLateMs = Number.POSITIVE_INFINITY
    this.#compared = 0
  }

  /** What lies before the edge is dropped where it is quiet; where it is not, the lane moves on instead. */
  #moveOn(samples: number): void {
    const quiet = this.#quietSamples(samples)
    this.#drop(quiet)
    this.#offsetMs = (this.#offsetMs ?? 0) + (samples - quiet) / SAMPLES_PER_MS
  }

  /** How much of the first `most` samples may go. */
  #quietSamples(most: number): number {
    const step = STEP_MS * SAMPLES_PER_MS
    const soft = SOFT_MS * SAMPLES_PER_MS
    let end = 0
    while (end < most + soft && end + step <= this.#count && !isVoiced(this.#held.subarray(end, end + step)))
      end += step
    return Math.min(most, Math.max(0, end - soft))
  }

  #drop(samples: number): void {
    this.#held.copyWithin(0, samples, this.#count)
    this.#count -= samples
    this.#heldFromMs += samples / SAMPLES_PER_MS
  }

  #makeRoomFor(samples: number): void {
    if (this.#count + samples <= this.#held.length) return
    const larger = Buffer.allocUnsafeSlow(2 * (this.#count + samples))
    this.#held.copy(larger, 0, 0, this.#count)
    this.#held = larger
  }
}
