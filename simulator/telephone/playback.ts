import { BYTES_PER_MS, durationMs } from '../sound/mulaw.ts'
import type { CallClock, Cancel } from './clock.ts'
import type { Tape } from './tape.ts'

// Error 31931: more than ten minutes of audio buffered, the excess is discarded.
const LONGEST_BUFFER_MS = 600_000

interface Listeners {
  /** Called with a mark that goes back to the server. */
  readonly onMark: (name: string) => void
  readonly onOverflow: () => void
}

/**
 * The playback of one stream: one queue, in real time. It is computed from the time at which the queue will be empty;
 * the only timer is for the next mark that comes due.
 */
export class Playback {
  readonly #clock: CallClock
  readonly #tape: Tape | undefined
  readonly #listeners: Listeners
  #playsUntilMs = 0
  #marks: { name: string; dueMs: number }[] = []
  #cancelDue: Cancel | undefined

  constructor(clock: CallClock, tape: Tape | undefined, listeners: Listeners) {
    this.#clock = clock
    this.#tape = tape
    this.#listeners = listeners
  }

  /** Sound that the server sent and the caller has not heard yet, in ms. */
  get bufferedMs(): number {
    return Math.max(0, this.#playsUntilMs - this.#clock.nowMs)
  }

  media(mulaw: Buffer): void {
    const roomMs = LONGEST_BUFFER_MS - this.bufferedMs
    const fitting = mulaw.subarray(0, Math.floor(roomMs * BYTES_PER_MS))
    if (fitting.length < mulaw.length) this.#listeners.onOverflow()
    const startsMs = Math.max(this.#playsUntilMs, this.#clock.nowMs)
    this.#tape?.add(startsMs, fitting)
    this.#playsUntilMs = startsMs + durationMs(fitting)
  }

  mark(name: string): void {
    this.#marks.push({ name, dueMs: this.#playsUntilMs })
    this.#echoDue()
  }

  /** Empties the buffer and returns every pending mark. */
  clear(): void {
    this.#silence()
    const marks = this.#marks.splice(0)
    for (const { name } of marks) this.#listeners.onMark(name)
  }

  /** Ends playback: nothing more is heard, and no mark is returned. */
  stop(): void {
    this.#silence()
    this.#marks = []
  }

  #silence(): void {
    this.#cancelDue?.()
    this.#cancelDue = undefined
    this.#tape?.cut(this.#clock.nowMs)
    this.#playsUntilMs = Math.min(this.#playsUntilMs, this.#clock.nowMs)
  }

  #echoDue(): void {
    this.#cancelDue?.()
    this.#cancelDue = undefined
    const { nowMs } = this.#clock
    for (let first = this.#marks[0]; first && first.dueMs <= nowMs; first = this.#marks[0]) {
      this.#marks.shift()
      this.#listeners.onMark(first.name)
    }
    const [next] = this.#marks
    if (next) this.#cancelDue = this.#clock.at(next.dueMs, () => this.#echoDue())
  }
}
