import { FRAME_MS } from './telephone-frames.ts'

/** An object that is called every 20 ms. */
export interface Stepping {
  step(now: number): void
}

/** An irrational step spreads any number of calls evenly over the 20 ms. */
const GOLDEN = 0.618_033_988_749_895

/**
 * One absolute clock for all calls, each at its own place in the 20 ms. Late turns are made up, never skipped: a late
 * frame is still sent.
 */
export class Timeline {
  readonly #slots: Set<Stepping>[] = Array.from({ length: FRAME_MS }, () => new Set())
  #joined = 0
  #next = performance.now()
  #slot = 0
  #timer: NodeJS.Timeout | undefined
  /** The longest delay of a turn since `takeLateness`, in ms. */
  #latest = 0

  constructor() {
    this.#run()
  }

  /** @returns removes it from the timeline */
  join(stepping: Stepping): () => void {
    const place = Math.floor(((this.#joined * GOLDEN) % 1) * FRAME_MS)
    const slot = this.#slots[place] ?? new Set()
    this.#joined += 1
    slot.add(stepping)
    return () => slot.delete(stepping)
  }

  /** The longest delay of a turn since the last call, in ms: the load process itself adds this. */
  takeLateness(): number {
    const latest = this.#latest
    this.#latest = 0
    return latest
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #run(): void {
    const now = performance.now()
    this.#latest = Math.max(this.#latest, now - this.#next)
    while (this.#next <= now) {
      for (const stepping of this.#slots[this.#slot] ?? []) stepping.step(this.#next)
      this.#slot = (this.#slot + 1) % FRAME_MS
      this.#next += 1
    }
    this.#timer = setTimeout(() => this.#run(), Math.max(0, this.#next - performance.now()))
  }
}
