import { sql } from 'kysely'
import type { Fault } from '../call/end-reason.ts'
import { type Quantiles, quantiles } from '../call/record.ts'
import type { Store } from '../store/open.ts'
import { usd } from './prices.ts'

const DAY_MS = 86_400_000
const MOST_SLOWEST = 10
const COUNTS = ['textIn', 'audioIn', 'cachedText', 'cachedAudio', 'textOut', 'audioOut', 'seconds'] as const

/** What the calls of an agent that began on a day were like. Days are UTC's. */
interface Day {
  readonly day: string
  readonly agent: string | null
  calls: number
  durationMs: number
  responses: number[]
  readonly faults: Partial<Record<Fault, number>>
  costUsd: number
}

/** An answer that the caller waited for. */
interface SlowTurn {
  readonly callId: string
  readonly startedAt: number
  readonly turn: string
  readonly stream: string
  readonly agent: string | null
  readonly atMs: number
  readonly responseMs: number
  readonly text: string | null
}

/**
 * The last days, each by agent, and the slowest answers in them. Day by day, so that nobody else waits long for the store.
 * @param now in ms since the epoch
 */
export async function stats(store: Store, days: number, now: number) {
  const today = Math.floor(now / DAY_MS) * DAY_MS
  const first = today - (days - 1) * DAY_MS
  const all: Day[] = []
  let slowest: SlowTurn[] = []
  for (let from = first; from <= today; from += DAY_MS) {
    const byAgent = await daysFrom(store, from)
    if (byAgent.length === 0) continue
    all.push(...byAgent)
    slowest = [...slowest, ...(await slowestFrom(store, from))]
      .sort((one, other) => other.responseMs - one.responseMs)
      .slice(0, MOST_SLOWEST)
  }
  return {
    from: iso(first),
    to: iso(now),
    days: all.map(({ responses, ...day }) => ({ ...day, responseMs: responseOf(responses) })),
    slowest: slowest.map((turn) => ({ ...turn, startedAt: iso(turn.startedAt) }))
  }
}

async function daysFrom(store: Store, from: number): Promise<Day[]> {
  const days = new Map<string | null, Day>()
  const of = (agent: string | null): Day => {
    const day: Day = days.get(agent) ?? {
      ...{ day: iso(from).slice(0, 10), agent, calls: 0, durationMs: 0, responses: [], faults: {}, costUsd: 0 }
    }
    days.set(agent, day)
    return day
  }
  for (const { agent, fault, calls, durationMs } of await callsFrom(store, from)) {
    const day = of(agent)
    day.calls += Number(calls)
    day.durationMs += Number(durationMs ?? 0)
    if (fault !== null) day.faults[fault] = (day.faults[fault] ?? 0) + Number(calls)
  }
  if (days.size === 0) return []
  for (const { agent, ms, n } of await responsesFrom(store, from)) {
    of(agent).responses.push(...new Array<number>(Number(n)).fill(ms))
  }
  for (const { agent, model, ...sums } of await usageFrom(store, from)) {
    const counts = Object.fromEntries(COUNTS.map((name) => [name, Number(sums[name])])) as typeof sums
    of(agent).costUsd += usd({ model, ...counts }) ?? 0
  }
  return [...days.values()]
}

function callsOf({ reading }: Store, from: number) {
  return reading
    .selectFrom('calls')
    .where('startedAt', '>=', from)
    .where('startedAt', '<', from + DAY_MS)
}

function callsFrom(store: Store, from: number) {
  return callsOf(store, from)
    .groupBy(['agent', 'fault'])
    .select(({ fn }) => ['agent', 'fault', fn.countAll<number>().as('calls')])
    .select(sql<number>`sum(${sql.ref('endedAt')} - ${sql.ref('startedAt')})`.as('durationMs'))
    .execute()
}

/** As `responseMs` of call/turns.ts: answers that were heard and needed no tool. */
const response = sql<number>`${sql.ref('turns.heard')} - ${sql.ref('turns.voiceEnd')}`

function answersOf(store: Store, from: number) {
  return callsOf(store, from)
    .innerJoin('turns', 'turns.callId', 'calls.id')
    .where('turns.who', '=', 'agent')
    .where('turns.tool', '=', 0)
    .where('turns.voiceEnd', 'is not', null)
    .where('turns.heard', 'is not', null)
}

function responsesFrom(store: Store, from: number) {
  const ms = sql<number>`cast(round(${response}) as integer)`
  return answersOf(store, from)
    .groupBy(['calls.agent', ms])
    .select(({ fn }) => ['calls.agent as agent', ms.as('ms'), fn.countAll<number>().as('n')])
    .execute()
}

async function slowestFrom(store: Store, from: number): Promise<SlowTurn[]> {
  const rows = await answersOf(store, from)
    .orderBy(response, 'desc')
    .limit(MOST_SLOWEST)
    .select(['calls.id as callId', 'calls.startedAt', 'turns.id as turn', 'turns.stream', 'turns.agent'])
    .select(['turns.text', 'turns.voiceEnd', response.as('responseMs')])
    .execute()
  return rows.map(({ voiceEnd, responseMs, ...row }) => ({
    ...row,
    atMs: voiceEnd ?? 0,
    responseMs: Math.round(responseMs * 10) / 10
  }))
}

function usageFrom(store: Store, from: number) {
  return callsOf(store, from)
    .innerJoin('usage', 'usage.callId', 'calls.id')
    .groupBy(['calls.agent', 'usage.model'])
    .select(['calls.agent as agent', 'usage.model as model'])
    .select(({ fn }) => COUNTS.map((name) => fn.sum<number>(`usage.${name}`).as(name)))
    .execute()
}

function responseOf(responses: readonly number[]) {
  const { n, p50, p90, max }: Quantiles = quantiles(responses)
  return { n, p50: p50 ?? null, p90: p90 ?? null, max: max ?? null }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
