/** `setTimeout` runs what is put off longer than this, some 25 days, at once. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * A call's timers, which come and go with every answer: a listener on the call's signal for each would cost more than they
 * do.
 */
export class Timers {
  readonly #timers = new Set<NodeJS.Timeout>()
  #isOver = false

  /** Runs after `ms`, unless the returned function was called before. */
  after(ms: number, run: () => void): () => void {
    if (this.#isOver) return () => {}
    const expire = () => {
      this.#timers.delete(timer)
      run()
    }
    const timer = setTimeout(expire, Math.min(ms, LONGEST_MS))
    this.#timers.add(timer)
    return () => {
      clearTimeout(timer)
      this.#timers.delete(timer)
    }
  }

  /** None of them runs any more. */
  stop(): void {
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
