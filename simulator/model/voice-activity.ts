import { BYTES_PER_MS, decodeMulaw } from '../sound/mulaw.ts'

const WINDOW_MS = 20
const WINDOW_BYTES = WINDOW_MS * BYTES_PER_MS
/** Speech has to last this many windows; a click is shorter. */
const ONSET_WINDOWS = 3
/**
 * Speech falls to its background noise at least once in this many windows: between words, in the closure of a p, t or
 * k.
 */
const FLOOR_WINDOWS = 50
/** Above the floor by 8 dB. */
const ABOVE_FLOOR = 6.3
/** The loudest background noise (-38 dBFS). Louder sound is speech, however steady. */
const LOUDEST_FLOOR = powerOfDb(-38)

/** The power of every possible mu-law byte, full scale = 1: a window costs 160 look-ups. */
const POWER = Float64Array.from(
  decodeMulaw(Uint8Array.from({ length: 256 }, (_, byte) => byte)),
  (sample) => (sample / 32_768) ** 2
)

function powerOfDb(db: number): number {
  return 10 ** (db / 10)
}

export interface VoiceSettings {
  /** 0 to 1, as in server_vad: how loud speech has to be on a quiet line. 0.5 is -45 dBFS. */
  threshold: number
  silenceMs: number
}

export interface VoiceListener {
  /** @param atMs where the speech began, in ms of appended audio */
  onStart(atMs: number): void
  /** @param atMs where the silence after it was long enough, in ms of appended audio */
  onStop(atMs: number): void
}

/**
 * Tells speech from silence by loudness over an adaptive noise floor. It is good enough for real recordings at
 * telephone rate, and recognises no words.
 */
export class VoiceActivity {
  #bytes = 0
  #sum = 0
  #inWindow = 0
  #loudWindows = 0
  #quietMs = 0
  #speaking = false
  readonly #floor = new NoiseFloor()

  /** Forgets the audio so far, and counts on from this byte. */
  reset(bytes: number): void {
    this.#bytes = bytes
    this.#sum = this.#inWindow = this.#loudWindows = this.#quietMs = 0
    this.#speaking = false
  }

  feed(audio: Buffer, settings: VoiceSettings, listener: VoiceListener): void {
    for (const byte of audio) {
      this.#sum += POWER[byte] ?? 0
      this.#bytes++
      if (++this.#inWindow === WINDOW_BYTES) this.#endWindow(settings, listener)
    }
  }

  #endWindow(settings: VoiceSettings, listener: VoiceListener): void {
    const power = this.#sum / WINDOW_BYTES
    this.#sum = this.#inWindow = 0
    const floor = this.#floor.hear(power)
    const loud = power > Math.max(powerOfDb(-55 + 20 * settings.threshold), floor * ABOVE_FLOOR)
    if (this.#speaking) this.#listenForEnd(loud, settings, listener)
    else this.#listenForStart(loud, listener)
  }

  #listenForStart(loud: boolean, listener: VoiceListener): void {
    this.#loudWindows = loud ? this.#loudWindows + 1 : 0
    if (this.#loudWindows < ONSET_WINDOWS) return
    this.#speaking = true
    this.#quietMs = 0
    listener.onStart(this.#bytes / BYTES_PER_MS - ONSET_WINDOWS * WINDOW_MS)
  }

  #listenForEnd(loud: boolean, { silenceMs }: VoiceSettings, listener: VoiceListener): void {
    this.#quietMs = loud ? 0 : this.#quietMs + WINDOW_MS
    if (this.#quietMs < silenceMs) return
    this.#speaking = false
    this.#loudWindows = 0
    listener.onStop(this.#bytes / BYTES_PER_MS)
  }
}

/** The quietest window of the last one to two seconds, kept as the minimum of two halves. */
class NoiseFloor {
  #windows = 0
  #current = LOUDEST_FLOOR
  #before = LOUDEST_FLOOR

  hear(power: number): number {
    this.#current = Math.min(this.#current, power)
    if (++this.#windows === FLOOR_WINDOWS) {
      this.#before = this.#current
      this.#current = LOUDEST_FLOOR
      this.#windows = 0
    }
    return Math.min(this.#before, this.#current)
  }
}
