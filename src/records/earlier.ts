import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { EarlierCall, Message } from '../agent/context.ts'
import { asData } from '../agent/earlier.ts'
import { MESSAGES } from '../agent/messages.ts'
import type { Recall } from '../call/admission.ts'
import { callerOf } from '../call/caller-hash.ts'
import type { Store } from '../store/open.ts'

/** From the webhook on. A stream mostly opens later than that, and then waits for nothing. */
const LIMIT_MS = 300
/** A line waits so long for its stream (switchboard/line.ts). */
const KEPT_MS = 60_000

const MOST_CALLS = 5
const MOST_MESSAGES = 10
/** The agent pays for it in every answer: with what is said about it 500 tokens, at four bytes a token. */
const MOST_BYTES = 1_200
const MOST_NAME = 60
const MOST_WORDS = 300

interface Reading {
  readonly calls: Promise<readonly EarlierCall[]>
  /** On the clock of `performance.now()`. */
  readonly until: number
}

/**
 * What earlier calls from a caller's number left. It is read when the webhook comes, and the stream gets the same: a
 * store that is slow or away costs the caller nothing, and the agent then knows nothing of them.
 */
export function earlierCalls(store: Store, log: FastifyBaseLogger): Recall {
  const readings = new Map<string, Reading>()

  function readingOf(callSid: string, number: string): Reading {
    const known = readings.get(callSid)
    if (known) return known
    const calls = read(store, number, callSid).catch((error: { code?: unknown }) => {
      log.warn({ callSid, code: error.code }, 'earlier calls could not be read')
      return []
    })
    const reading = { calls, until: performance.now() + LIMIT_MS }
    readings.set(callSid, reading)
    setTimeout(() => readings.delete(callSid), KEPT_MS).unref()
    return reading
  }

  return async (claims) => {
    const number = callerOf(claims)
    if (number === undefined || claims.isDoubted) return []
    const { calls, until } = readingOf(claims.callSid, number)
    const limit = delay(Math.max(0, until - performance.now()), [], { ref: false })
    return Promise.race([calls, limit])
  }
}

async function read({ db }: Store, number: string, callSid: string): Promise<readonly EarlierCall[]> {
  const [calls, items] = await Promise.all([
    db
      .selectFrom('calls')
      .leftJoin('results', 'results.callId', 'calls.id')
      .select(['id', 'startedAt', 'results.data as result'])
      // By the side that was the caller's: somebody who forges the practice's own number gets nobody's calls.
      .where(({ and, eb, or }) =>
        or([
          and([eb('direction', 'not like', 'outbound%'), eb('from', '=', number)]),
          and([eb('direction', 'like', 'outbound%'), eb('to', '=', number)])
        ])
      )
      .where('id', '!=', callSid)
      .orderBy('startedAt', 'desc')
      .limit(MOST_CALLS)
      .execute(),
    db
      .selectFrom('agentItems')
      .select(['callId', 'at', 'data'])
      .where('kind', '=', MESSAGES)
      .where('caller', '=', number)
      .where('callId', '!=', callSid)
      .orderBy('at', 'desc')
      .limit(MOST_MESSAGES)
      .execute()
  ])
  const found = new Map<string, EarlierCall>(
    calls.map(({ id, startedAt, result }) => [id, { startedAt, messages: [], result: valuesOf(result) }])
  )
  for (const { callId, at, data } of items) {
    const { messages, ...call } = found.get(callId ?? '') ?? { startedAt: at, messages: [] }
    found.set(callId ?? '', { ...call, messages: [...messages, shortened(JSON.parse(data))] })
  }
  const newestFirst = [...found.values()].sort((a, b) => b.startedAt - a.startedAt)
  return bounded(newestFirst.slice(0, MOST_CALLS))
}

/** The number to call back is left out: nothing that the agent has to say needs it. */
function shortened({ from, text }: Message): EarlierCall['messages'][number] {
  return { from: cut(from, MOST_NAME), text: cut(text, MOST_WORDS) }
}

/** The values of a result without the turns that show them. */
function valuesOf(result: string | null): EarlierCall['result'] {
  if (result === null) return undefined
  const fields = Object.entries(JSON.parse(result) as Record<string, { value: unknown }>)
  const known = fields.filter(([, { value }]) => value !== null)
  return Object.fromEntries(
    known.map(([name, { value }]) => [name, typeof value === 'string' ? cut(value, MOST_WORDS) : value])
  )
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`
}

/** As much as there is room for, the newest first. */
function bounded(calls: readonly EarlierCall[]): readonly EarlierCall[] {
  const kept: EarlierCall[] = []
  const fits = (call: EarlierCall) => Buffer.byteLength([...kept, call].map(asData).join('\n')) <= MOST_BYTES
  for (const { startedAt, messages, result } of calls) {
    let call: EarlierCall = { startedAt, messages: [] }
    if (!fits(call)) break
    if (result && fits({ ...call, result })) call = { ...call, result }
    for (const message of messages) {
      const longer = { ...call, messages: [...call.messages, message] }
      if (fits(longer)) call = longer
    }
    kept.push(call)
  }
  return kept
}
