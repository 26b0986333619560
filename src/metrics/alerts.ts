import type { Call } from '../call/call.ts'
import type { Reader } from '../call/create-call.ts'
import { quantiles } from '../call/record.ts'
import { responseMs } from '../call/turns.ts'
import { usd } from '../records/prices.ts'

/**
 * When an alert fires and when it is over, without Prometheus: of this server alone, since its start. A value between
 * the two changes nothing, so that an alert does not come and go with every call.
 */
const CONDITIONS = {
  /** Models that were lost or could not be had, in the last 5 minutes. */
  model_failures: { fires: 3, isOver: 1, withinMs: 5 * 60_000 },
  /** Of the answers that needed no tool, in the last 10 minutes, where there were ten of them. */
  response_p90_ms: { fires: 2_500, isOver: 2_000, withinMs: 10 * 60_000, atLeast: 10 },
  /** Since midnight, UTC. With MAX_DAY_COST_USD: at four fifths of it. */
  day_cost_usd: { fires: 50, ofLimit: 0.8 }
} as const
/** How often the values are looked at; a model that fails is looked at at once. */
const LOOK_MS = 10_000
/** The most values that are kept of one kind: what is older counts no more. */
const MOST_VALUES = 2_000
const DAY_MS = 86_400_000

export type AlertName = keyof typeof CONDITIONS

/** A condition that began to hold, or holds no longer. */
export interface Alert {
  readonly name: AlertName
  readonly state: 'fired' | 'resolved'
  readonly value: number
  readonly threshold: number
  /** In ms since the epoch. */
  readonly at: number
}

/** Watches the calls of this server for what an operator is told at once. */
export class Alerts {
  readonly #tell: (alert: Alert) => void
  readonly #dayCost: number
  readonly #failures = new Recent(CONDITIONS.model_failures.withinMs)
  readonly #responses = new Recent(CONDITIONS.response_p90_ms.withinMs)
  readonly #firing = new Set<AlertName>()
  readonly #timer: NodeJS.Timeout
  #day = 0
  #spentUsd = 0

  /** @param maxDayUsd MAX_DAY_COST_USD */
  constructor(maxDayUsd: number | undefined, tell: (alert: Alert) => void) {
    const { fires, ofLimit } = CONDITIONS.day_cost_usd
    this.#tell = tell
    this.#dayCost = maxDayUsd === undefined ? fires : maxDayUsd * ofLimit
    this.#timer = setInterval(() => this.look(Date.now()), LOOK_MS).unref()
  }

  readonly reader: Reader = (call) => {
    call.journal.follow(({ event }) => {
      if (event.type === 'model_failed' || (event.type === 'model_lost' && !event.isRenewal)) this.failed(Date.now())
      if (event.type === 'usage') this.spent(usd({ ...event.usage, model: event.model }) ?? 0, Date.now())
    })
    this.#readResponses(call)
  }

  failed(at: number): void {
    this.#failures.add(1, at)
    this.look(at)
  }

  responded(ms: number, at: number): void {
    this.#responses.add(ms, at)
  }

  spent(usd: number, at: number): void {
    this.#turnDay(at)
    this.#spentUsd += usd
  }

  /** Tells which alerts have begun or are over. @param now in ms since the epoch */
  look(now: number): void {
    this.#turnDay(now)
    const { model_failures: failures, response_p90_ms: responses } = CONDITIONS
    const waits = this.#responses.values(now)
    const p90 = waits.length < responses.atLeast ? 0 : (quantiles(waits).p90 ?? 0)
    this.#judge('model_failures', this.#failures.values(now).length, failures.fires, failures.isOver, now)
    this.#judge('response_p90_ms', p90, responses.fires, responses.isOver, now)
    this.#judge('day_cost_usd', this.#spentUsd, this.#dayCost, this.#dayCost, now)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #judge(name: AlertName, value: number, threshold: number, isOver: number, at: number): void {
    const isFiring = this.#firing.has(name)
    if (isFiring ? value >= isOver : value < threshold) return
    if (isFiring) this.#firing.delete(name)
    else this.#firing.add(name)
    this.#tell({ name, state: isFiring ? 'resolved' : 'fired', value, threshold, at })
  }

  #readResponses(call: Call): void {
    const seen = new WeakSet<object>()
    call.record.onTurn((turn) => {
      const ms = turn.sentMs === undefined || seen.has(turn) ? undefined : responseMs(turn)
      if (ms === undefined) return
      seen.add(turn)
      this.responded(ms, Date.now())
    })
  }

  #turnDay(now: number): void {
    const day = Math.floor(now / DAY_MS)
    if (day === this.#day) return
    this.#day = day
    this.#spentUsd = 0
  }
}

/** Values of the last minutes. */
class Recent {
  readonly #withinMs: number
  #entries: { readonly at: number; readonly value: number }[] = []

  constructor(withinMs: number) {
    this.#withinMs = withinMs
  }

  add(value: number, at: number): void {
    this.#entries.push({ at, value })
    if (this.#entries.length > MOST_VALUES) this.#entries.shift()
  }

  values(now: number): number[] {
    this.#entries = this.#entries.filter(({ at }) => now - at < this.#withinMs)
    return this.#entries.map(({ value }) => value)
  }
}
