import type { AudioFrame } from '../call/caller-leg.ts'
import { BYTES_PER_MS } from '../wire/mulaw.ts'

/** The caller's audio, held until there is a sink. Only the newest is kept. */
export class HeldAudio {
  readonly #maxMs: number
  #sink: ((frame: AudioFrame) => void) | undefined
  #frames: AudioFrame[] = []
  #heldMs = 0
  #droppedMs = 0

  /** @param maxMs the most audio that is held, in ms; the oldest is dropped first */
  constructor(maxMs: number) {
    this.#maxMs = maxMs
  }

  /** Audio that was dropped because no sink came in time, in ms. */
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
