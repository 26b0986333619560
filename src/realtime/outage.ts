import { setTimeout as delay } from 'node:timers/promises'
import type { Activity } from '../call/activity.ts'
import type { ModelError } from '../call/model-leg.ts'

const FIRST_BACKOFF_MS = 150
const LONGEST_BACKOFF_MS = 2_000
/** A session from which no answer is due counts as back after this time. If it is lost sooner, the outage goes on. */
const STAYS_MS = 2_000
/** The least time that a new session gets, when the one before has used up the budget. */
const CHANCE_MS = 3_000
/** How often the wait of a caller who has just begun to wait is checked. */
const LOOK_MS = 500

/**
 * The time that a caller waits for a model, from the begin of their wait until the agent is heard. All sessions that
 * are tried meanwhile share one budget. A session proves nothing by being up or by beginning an answer.
 */
export class Outage {
  readonly #budgetMs: number
  readonly #activity: Activity
  /** When the outage ends in an apology, on the clock of `performance.now()`; undefined without an outage. */
  #deadline: number | undefined
  #judging: NodeJS.Timeout | undefined
  #backoffMs = FIRST_BACKOFF_MS

  /** @param budgetMs MODEL_RECONNECT_MS */
  constructor(budgetMs: number, activity: Activity) {
    this.#budgetMs = budgetMs
    this.#activity = activity
  }

  /** A model was lost, and none has been proven since. */
  get isOn(): boolean {
    return this.#deadline !== undefined
  }

  /** Begins an outage, or goes on with one. @returns the time by which a model must be reached */
  begin(): number {
    clearTimeout(this.#judging)
    this.#deadline ??= this.#newDeadline()
    return this.#deadline
  }

  /** Ends the outage: the agent was heard, or the first session was reached. */
  end(): void {
    clearTimeout(this.#judging)
    this.#deadline = undefined
    this.#backoffMs = FIRST_BACKOFF_MS
  }

  /**
   * Waits, twice as long at each call in an outage, 2 s at most.
   * @throws ModelError `trouble` when the budget would be spent
   */
  async backOff(trouble: ModelError, deadline: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.#backoffMs
    if (performance.now() + waitMs >= deadline) throw trouble
    this.#backoffMs = Math.min(waitMs * 2, LONGEST_BACKOFF_MS)
    await delay(waitMs, undefined, { signal })
  }

  /** Watches a session that was reached after a loss until it is proven. @param giveUp called when the time is spent */
  judge(giveUp: () => void): void {
    this.#judgeIn(STAYS_MS, giveUp)
  }

  stop(): void {
    clearTimeout(this.#judging)
  }

  #judgeIn(ms: number, giveUp: () => void): void {
    clearTimeout(this.#judging)
    this.#judging = setTimeout(() => {
      if (this.#deadline === undefined) return
      const { owed, isResponding, waitingSince } = this.#activity
      if (owed === undefined && !isResponding) return this.end()
      const now = performance.now()
      if (now < this.#deadline) return this.#judgeIn(Math.min(this.#deadline - now, STAYS_MS), giveUp)
      // When the caller has only just begun to wait, after words of their own or a tool, the session gets CHANCE_MS.
      const waitedMs = now - (waitingSince ?? now)
      if (waitedMs < Math.min(this.#budgetMs, CHANCE_MS)) return this.#judgeIn(LOOK_MS, giveUp)
      giveUp()
    }, ms).unref()
  }

  /** The caller's wait before the loss counts, but the new session gets CHANCE_MS at least. */
  #newDeadline(): number {
    const now = performance.now()
    const waitingSince = this.#activity.waitingSince ?? now
    return Math.max(waitingSince + this.#budgetMs, now + Math.min(this.#budgetMs, CHANCE_MS))
  }
}
