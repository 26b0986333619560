export type Cancel = () => void

interface Entry {
  readonly dueMs: number
  readonly order: number
  run: (() => void) | undefined
}

/**
 * The timers of every call of this process behind one timer: a timer per frame would be 20 000 a second for 400 calls.
 * Times are absolute (`performance.now()`), so that a late run catches up and nothing drifts.
 */
class Timetable {
  // A binary heap, earliest first. A cancelled entry stays until its time comes; `#waiting` counts only entries that
  // will run.
  #heap: Entry[] = []
  #waiting = 0
  #order = 0
  #timer: NodeJS.Timeout | undefined
  #timerDueMs = Number.POSITIVE_INFINITY

  at(dueMs: number, run: () => void): Cancel {
    const entry: Entry = { dueMs, order: this.#order++, run }
    this.#insert(entry)
    this.#waiting++
    this.#arm()
    return () => this.#cancel(entry)
  }

  #cancel(entry: Entry): void {
    if (!entry.run) return
    entry.run = undefined
    this.#waiting--
    // An empty timetable must not keep the process alive.
    if (this.#waiting === 0) {
      this.#heap = []
      this.#disarm()
    }
  }

  #arm(): void {
    const first = this.#heap[0]
    if (!first || first.dueMs >= this.#timerDueMs) return
    this.#disarm()
    this.#timerDueMs = first.dueMs
    this.#timer = setTimeout(() => this.#runDue(), Math.max(1, Math.ceil(first.dueMs - performance.now())))
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    this.#timerDueMs = Number.POSITIVE_INFINITY
  }

  #runDue(): void {
    this.#disarm()
    // The clock is read once: at a very high pace more frames come due while others are sent, and sockets need their
    // turn.
    const nowMs = performance.now()
    try {
      for (let first = this.#heap[0]; first && first.dueMs <= nowMs; first = this.#heap[0]) this.#run(this.#takeFirst())
    } finally {
      this.#arm()
    }
  }

  #run(entry: Entry | undefined): void {
    const run = entry?.run
    if (!entry || !run) return
    entry.run = undefined
    this.#waiting--
    run()
  }

  #insert(entry: Entry): void {
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isEarlier(entry, heap[above])) break
      heap[at] = heap[above] as Entry
      at = above
    }
    heap[at] = entry
  }

  #takeFirst(): Entry | undefined {
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (!last || last === first) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (isEarlier(heap[child + 1], heap[child])) child++
      if (!isEarlier(heap[child], last)) break
      heap[at] = heap[child] as Entry
      at = child
    }
    heap[at] = last
    return first
  }
}

function isEarlier(one: Entry | undefined, other: Entry | undefined): boolean {
  if (!one || !other) return one !== undefined
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order)
}

const timetable = new Timetable()

/** A call's own time: milliseconds since it rang, `pace` times as fast as the wall clock. */
export class CallClock {
  readonly #pace: number
  readonly #startedAt = performance.now()
  #stoppedMs: number | undefined

  constructor(pace: number) {
    this.#pace = pace
  }

  get nowMs(): number {
    return this.#stoppedMs ?? (performance.now() - this.#startedAt) * this.#pace
  }

  at(callMs: number, run: () => void): Cancel {
    return timetable.at(this.#startedAt + callMs / this.#pace, run)
  }

  /** Stops the call's time; scheduled entries still run. */
  stop(): void {
    this.#stoppedMs ??= this.nowMs
  }
}
