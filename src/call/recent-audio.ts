import type { MediaFrame } from '../twilio/frames.ts'

/** What voice activity detection needs to have heard before it says that speech began: 20 ms a frame. */
const LEAD_IN_FRAMES = 20
/** Longer than anybody talks before a model is given up. */
const MOST_FRAMES = 1_500

/**
 * The caller's words that the model has heard but not understood yet, or may never have heard. A model that is lost takes
 * them with it, so they are kept until it has answered or written them down, and are given to the next one.
 */
export class RecentAudio {
  #frames: MediaFrame[] = []
  #isOpen = false
  /** Where the words begin that are being spoken now; undefined while nobody speaks. */
  #speechFrom: number | undefined

  push(frame: MediaFrame): void {
    this.#frames.push(frame)
    if (this.#frames.length <= MOST_FRAMES) return
    this.#frames.shift()
    if (this.#speechFrom) this.#speechFrom -= 1
  }

  /** The model has heard what was sent to it so far, and has not noticed that anybody speaks. */
  alive(): void {
    if (!this.#isOpen) this.#frames = this.#frames.slice(-LEAD_IN_FRAMES)
  }

  speechStarted(): void {
    this.alive()
    this.#isOpen = true
    this.#speechFrom = Math.max(0, this.#frames.length - LEAD_IN_FRAMES)
  }

  speechStopped(): void {
    this.#speechFrom = undefined
  }

  /** The words were answered or written down; those that are being spoken since are not. */
  understood(): void {
    this.#isOpen = this.#speechFrom !== undefined
    this.#frames = this.#frames.slice(this.#speechFrom ?? -LEAD_IN_FRAMES)
    if (this.#isOpen) this.#speechFrom = 0
  }

  /** There are words that nobody has understood. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Those words, or else what no model has acknowledged, for the next one; they are kept again as they are sent to it. */
  take(): readonly MediaFrame[] {
    const frames = this.#frames
    this.#frames = []
    this.#isOpen = false
    this.#speechFrom = undefined
    return frames
  }
}
