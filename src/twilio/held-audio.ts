import type { AudioFrame } from '../call/caller-leg.ts'
import { BYTES_PER_MS } from '../wire/mulaw.ts'

/** The caller's audio on its way in: held until somebody can take it, and the newest of it only. */
export class HeldAudio {
  readonly #maxMs: number
  #sink: ((frame: AudioFrame) => void) | undefined
  #frames: AudioFrame[] = []
  #heldMs = 0
  #droppedMs = 0

  /** @param maxMs the most that is held; the oldest is dropped first */
  constructor(maxMs: number) {
    this.#maxMs = maxMs
  }

  /** Audio that nobody took in time, in ms. */
  get droppedMs(): number {
    return this.#droppedMs
  }

  push(frame: AudioFrame): void {
    if (this.#sink) return this.#sink(frame)
    this.#frames.push(frame)
    this.#heldMs += lengthMs(frame)
    while (this.#heldMs > this.#maxMs) {
      const oldest = this.#frames.shift()
      if (!oldest) return
      this.#heldMs -= lengthMs(oldest)
      this.#droppedMs += lengthMs(oldest)
    }
  }

  flowTo(sink: (frame: AudioFrame) => void): void {
    const frames = this.#frames
    this.forget()
    this.#sink = sink
    for (const frame of frames) sink(frame)
  }

  hold(): void {
    this.#sink = undefined
  }

  forget(): void {
    this.#sink = undefined
    this.#frames = []
    this.#heldMs = 0
  }
}

function lengthMs({ audio }: AudioFrame): number {
  return audio.byteLength / BYTES_PER_MS
}
