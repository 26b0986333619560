import { Samples } from './samples.ts'
import type { Stamp } from './stamp.ts'

/** What became of one call's caller audio. */
export interface Counts {
  framesSent: number
  framesReceived: number
  /** Frames that came twice or after a later one. */
  disordered: number
  lastSequence: number
  /** When the model last heard the caller speak over the agent; undefined once the `clear` came. */
  spokenOverAt: number | undefined
}

/** The book that both ends keep: they are in one process, so that everything has one clock. */
export class Traffic {
  readonly up = new Samples()
  readonly down = new Samples()
  readonly clear = new Samples()
  readonly #calls: Counts[] = []
  #recording = false

  /** Begins or ends the window whose latencies count. */
  record(on: boolean): void {
    this.#recording = on
    if (!on) return
    for (const samples of [this.up, this.down, this.clear]) samples.clear()
  }

  get recording(): boolean {
    return this.#recording
  }

  /** A new caller's number. */
  join(): number {
    this.#calls.push({ framesSent: 0, framesReceived: 0, disordered: 0, lastSequence: -1, spokenOverAt: undefined })
    return this.#calls.length - 1
  }

  call(index: number): Counts {
    const counts = this.#calls[index]
    if (!counts) throw new Error(`a stamp names call ${index}, which was never made`)
    return counts
  }

  get calls(): readonly Counts[] {
    return this.#calls
  }

  callerHeard({ sender, sequence, sentAt }: Stamp): void {
    const counts = this.call(sender)
    if (sequence <= counts.lastSequence) counts.disordered += 1
    else counts.framesReceived += 1
    counts.lastSequence = Math.max(counts.lastSequence, sequence)
    if (this.#recording) this.up.add(performance.now() - sentAt)
  }

  agentHeard({ sentAt }: Stamp): void {
    if (this.#recording) this.down.add(performance.now() - sentAt)
  }

  spokenOver(call: number): void {
    this.call(call).spokenOverAt = performance.now()
  }

  cleared(call: number): void {
    const counts = this.call(call)
    if (counts.spokenOverAt !== undefined && this.#recording) this.clear.add(performance.now() - counts.spokenOverAt)
    counts.spokenOverAt = undefined
  }
}
