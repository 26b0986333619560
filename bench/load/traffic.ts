import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import type { Stamp } from './stamp.ts'

/** The counts of one call's caller audio. */
export interface Counts {
  framesSent: number
  framesReceived: number
  /** Frames that came twice or after a later one. */
  disordered: number
  lastSequence: number
  /** When the model last heard the caller speak over the agent; undefined once the `clear` came. */
  spokenOverAt: number | undefined
}

/** The measurements of both ends, which are in one process and share one clock. */
export class Traffic {
  // In µs. Three significant figures, the default, keep a percentile within 0.1 %.
  readonly up = createHistogram()
  readonly down = createHistogram()
  readonly clear = createHistogram()
  readonly #calls: Counts[] = []
  #recording = false

  /** Begins or ends the window whose latencies count. */
  record(on: boolean): void {
    this.#recording = on
    if (!on) return
    for (const latencies of [this.up, this.down, this.clear]) latencies.reset()
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
    if (this.#recording) add(this.up, sentAt)
  }

  agentHeard({ sentAt }: Stamp): void {
    if (this.#recording) add(this.down, sentAt)
  }

  spokenOver(call: number): void {
    this.call(call).spokenOverAt = performance.now()
  }

  cleared(call: number): void {
    const counts = this.call(call)
    if (counts.spokenOverAt !== undefined && this.#recording) add(this.clear, counts.spokenOverAt)
    counts.spokenOverAt = undefined
  }
}

/** A histogram takes integers from 1 on; a stamp, which is rounded to µs, may lie a fraction of one in the future. */
function add(latencies: RecordableHistogram, since: number): void {
  latencies.record(Math.max(1, Math.round((performance.now() - since) * 1_000)))
}
