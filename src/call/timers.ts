/** The longest delay of `setTimeout`, some 25 days. It runs a longer one at once. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * The timers of a call. They are set and cleared with every answer; a listener on the call's signal for each would cost
 * more than the timer itself.
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

  /** Clears all timers. Timers that are set later do not run. */
  stop(): void {
    this.#isOver = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
