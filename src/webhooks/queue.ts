/** A process that was killed leaves its work to others, or to its next start, after this time. */
export const LEASE_MS = 5_000
const RENEW_MS = 1_500
/** For what is due later, and for what other processes have left. */
const LOOK_MS = 1_000
const GATHERED_MS = 25

export interface Work<Row> {
  /** Done at a time. */
  readonly most: number
  /** Takes up to so many rows, for LEASE_MS. */
  readonly take: (most: number) => Promise<readonly Row[]>
  readonly idOf: (row: Row) => string
  /** Once the signal is aborted, the work is to be left as it was found. */
  readonly run: (row: Row, signal: AbortSignal) => Promise<void>
  /** Keeps what was taken, for another LEASE_MS. */
  readonly renew: (ids: readonly string[]) => Promise<unknown>
}

/**
 * Works off rows of the store that several processes share. A store that is away is the writer's to report: what was
 * taken meanwhile is free again after its lease.
 */
export class Queue<Row> {
  readonly #work: Work<Row>
  readonly #running = new Map<string, Promise<void>>()
  readonly #closed = new AbortController()
  #timers: NodeJS.Timeout[] = []
  #looking: Promise<void> | undefined
  #looksAgain = false
  #soon: NodeJS.Timeout | undefined

  constructor(work: Work<Row>) {
    this.#work = work
  }

  get running(): number {
    return this.#running.size
  }

  start(): void {
    const renew = () => {
      if (this.#running.size > 0) this.#work.renew([...this.#running.keys()]).catch(() => {})
    }
    this.#timers = [setInterval(this.wake, LOOK_MS).unref(), setInterval(renew, RENEW_MS).unref()]
    this.wake()
  }

  /** Something may be due. */
  readonly wake = (): void => {
    if (this.#closed.signal.aborted) return
    if (this.#looking) {
      this.#looksAgain = true
      return
    }
    this.#looking = this.#look()
      .catch(() => {})
      .finally(() => {
        this.#looking = undefined
        if (!this.#looksAgain) return
        this.#looksAgain = false
        this.wake()
      })
  }

  /** Something will be due. Later than LOOK_MS it is found anyway. */
  wakeIn(ms: number): void {
    if (ms < LOOK_MS) setTimeout(this.wake, ms).unref()
  }

  /** Works on for up to `ms`, while anything is due. */
  async close(ms: number): Promise<void> {
    const timeUp = setTimeout(() => this.#closed.abort(), ms)
    for (const timer of this.#timers) clearInterval(timer)
    while (!this.#closed.signal.aborted) {
      this.wake()
      await this.#looking
      if (this.#running.size === 0) break
      await Promise.race(this.#running.values())
    }
    clearTimeout(timeUp)
    this.#closed.abort()
    await this.#looking
    await Promise.all(this.#running.values())
  }

  /** One look for all that are done in a moment: each asks the store. */
  #wakeSoon(): void {
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined
      this.wake()
    }, GATHERED_MS).unref()
  }

  async #look(): Promise<void> {
    const { most, take, idOf, run } = this.#work
    const room = most - this.#running.size
    if (room <= 0) return
    for (const row of await take(room)) {
      const id = idOf(row)
      // The lease could not be renewed in time, and it is still being done here.
      if (this.#running.has(id)) continue
      const done = run(row, this.#closed.signal)
        .catch(() => {})
        .finally(() => {
          this.#running.delete(id)
          this.#wakeSoon()
        })
      this.#running.set(id, done)
    }
  }
}
