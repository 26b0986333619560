import type { AudioFrame } from '../call/caller-leg.ts'
import { voicedMs } from '../wire/mulaw.ts'
import { SAMPLES_PER_MS } from './wav.ts'

/** A frame that lies this much beside its arrival is put right. */
const TOLERANCE_MS = 15
/** The carrier's clock is compared with ours over so many frames: 5 s. */
const WINDOW = 250
/** Beyond this the carrier's timestamps are wrong, and nobody can tell what is lost. */
const JUMP_MS = 1_000

/**
 * Where each frame of the caller's lies on the call's clock. Frames come late when something has held them up, and never
 * early. So the carrier's timestamps say how far apart the frames are, and the frame that was held up least says where
 * all of them are.
 */
export class CallerLane {
  /** Added to a frame's timestamp; undefined before the first frame. */
  #offsetMs: number | undefined
  #nextTimestampMs = 0
  /** How late the frame came that was held up least, and the frames that were compared for it. */
  #leastLateMs = Number.POSITIVE_INFINITY
  #compared = 0
  /** The length of the silence since the last voice; measured only while the lane lies too late. */
  #quietMs = 0

  /**
   * The sample at which a frame begins.
   * @param fromMs what lies before it is written already
   */
  place({ audio, timestampMs }: AudioFrame, nowMs: number, fromMs: number): number {
    const stampMs = timestampMs ?? this.#nextTimestampMs
    this.#nextTimestampMs = stampMs + audio.byteLength / SAMPLES_PER_MS
    this.#offsetMs ??= nowMs - stampMs
    this.#compare(nowMs - this.#offsetMs - stampMs, audio)
    this.#offsetMs = Math.max(this.#offsetMs, fromMs - stampMs)
    return Math.round((this.#offsetMs + stampMs) * SAMPLES_PER_MS)
  }

  #compare(lateMs: number, audio: AudioFrame['audio']): void {
    this.#leastLateMs = Math.min(this.#leastLateMs, lateMs)
    this.#compared += 1
    // The first frames were held up. To move back covers what lies there, which must not be a voice.
    if (lateMs < -TOLERANCE_MS) {
      this.#quietMs = voicedMs(audio) > 0 ? 0 : this.#quietMs + audio.byteLength / SAMPLES_PER_MS
      if (this.#quietMs > -lateMs || lateMs < -JUMP_MS) this.#move(lateMs)
    } else if (this.#compared >= WINDOW) {
      this.#move(this.#leastLateMs > TOLERANCE_MS ? this.#leastLateMs : 0)
    }
  }

  #move(byMs: number): void {
    this.#offsetMs = (this.#offsetMs ?? 0) + byMs
    this.#leastLateMs = Number.POSITIVE_INFINITY
    this.#compared = 0
    this.#quietMs = 0
  }
}
