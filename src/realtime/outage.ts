import { setTimeout as delay } from 'node:timers/promises'
import type { Activity } from '../call/activity.ts'
import type { ModelError } from '../call/model-leg.ts'

const FIRST_BACKOFF_MS = 150
const LONGEST_BACKOFF_MS = 2_000
/** A model of which nothing was asked is back when it stays this long; before that, losing it again is the same outage. */
const STAYS_MS = 2_000
/** What a model is given at least to be heard, when the one before it has used up the caller's patience. */
const CHANCE_MS = 3_000
/** How often it is asked whether a caller who had just begun to wait has waited long enough. */
const LOOK_MS = 500

/**
 * The time in which a caller waits for a model, from when they began to wait until the agent is heard: one budget for all
 * the models that are tried meanwhile. Being up, or beginning an answer, proves nothing of a model.
 */
export class Outage {
  readonly #budgetMs: number
  readonly #activity: Activity
  /** When it ends in an apology, on the clock of `performance.now()`; undefined while there is no outage. */
  #deadline: number | undefined
  #judging: NodeJS.Timeout | undefined
  #backoffMs = FIRST_BACKOFF_MS

  /** @param budgetMs how long a caller is kept waiting */
  constructor(budgetMs: number, activity: Activity) {
    this.#budgetMs = budgetMs
    this.#activity = activity
  }

  /** A model is sought that was not proven since the last one was lost. */
  get isOn(): boolean {
    return this.#deadline !== undefined
  }

  /** A model is sought. @returns until when it has to be reached */
  begin(): number {
    clearTimeout(this.#judging)
    this.#deadline ??= this.#newDeadline()
    return this.#deadline
  }

  /** The agent was heard, or a model was reached that nothing was wrong with before. */
  end(): void {
    clearTimeout(this.#judging)
    this.#deadline = undefined
    this.#backoffMs = FIRST_BACKOFF_MS
  }

  /** Waits, longer each time of an outage. Throws the trouble itself when its budget would be spent. */
  async backOff(trouble: ModelError, deadline: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.#backoffMs
    if (performance.now() + waitMs >= deadline) throw trouble
    this.#backoffMs = Math.min(waitMs * 2, LONGEST_BACKOFF_MS)
    await delay(waitMs, undefined, { signal })
  }

  /** A model was reached after one was lost: it is judged by what is heard of it. @param giveUp the time is spent */
  judge(giveUp: () => void): void {
    this.#judgeIn(STAYS_MS, giveUp)
  }

  /** No model is wanted any more. */
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
      // A caller who has only just begun to wait, after words of their own or a tool, gives the model its time.
      const waitedMs = now - (waitingSince ?? now)
      if (waitedMs < Math.min(this.#budgetMs, CHANCE_MS)) return this.#judgeIn(LOOK_MS, giveUp)
      giveUp()
    }, ms).unref()
  }

  /** A caller who waits already when a model is given up has less time left, but some for the next one. */
  #newDeadline(): number {
    const now = performance.now()
    const waitingSince = this.#activity.waitingSince ?? now
    return Math.max(waitingSince + this.#budgetMs, now + Math.min(this.#budgetMs, CHANCE_MS))
  }
}
