import type { MediaFrame } from '../twilio/frames.ts'

/** What voice activity detection needs to have heard before it says that speech began: 20 ms a frame. */
const LEAD_IN_FRAMES = 30
/** Longer than anybody talks before a model is given up. */
const MOST_FRAMES = 1_500

/**
 * The caller's words that the model has heard but not understood yet. A model that is lost then takes them with it, so
 * they are kept until it has answered or written them down, and are given to the next one.
 */
export class RecentAudio {
  #frames: MediaFrame[] = []
  #isOpen = false

  push(frame: MediaFrame): void {
    this.#frames.push(frame)
    if (this.#frames.length > (this.#isOpen ? MOST_FRAMES : LEAD_IN_FRAMES)) this.#frames.shift()
  }

  speechStarted(): void {
    this.#isOpen = true
  }

  /** The words were answered or written down. */
  understood(): void {
    this.#isOpen = false
    this.#frames = this.#frames.slice(-LEAD_IN_FRAMES)
  }

  /** There are words that nobody has understood. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Those words, for the next model; they are kept again as they are sent to it. Nothing when all was understood. */
  take(): readonly MediaFrame[] {
    const frames = this.#isOpen ? this.#frames : []
    this.#frames = []
    this.#isOpen = false
    return frames
  }
}
