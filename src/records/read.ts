import { type Expression, type ExpressionBuilder, type Selectable, type SqlBool, sql } from 'kysely'
import type { Consent } from '../call/consent.ts'
import type { Store } from '../store/open.ts'
import type { CallRow, EventRow, Tables, TurnRow, UsageRow } from '../store/tables.ts'
import { deliveriesOf, resultOf } from './afterwards.ts'
import { BadRequest, callerNumber, isOf } from './caller-number.ts'
import { costOf, usd } from './prices.ts'

/** A call as the API, the commands and exports show it. Times are ISO 8601 in UTC. */
export type Call = Awaited<ReturnType<typeof callsPage>>['calls'][number]
/** A call with everything that was kept of it, in order of time. */
export type WholeCall = NonNullable<Awaited<ReturnType<typeof readCall>>>

export type Turn = ReturnType<typeof turnOf>

/** An event with what it said; without that, where its words have been deleted. */
export interface Event {
  readonly seq: number
  readonly atMs: number
  readonly type: string
  readonly stream: string
  readonly [field: string]: unknown
}

/** Which calls are wanted; all of them must hold. */
export interface Filters {
  readonly reason?: string | undefined
  readonly fault?: string | undefined
  /** The agent that had the call last. */
  readonly agent?: string | undefined
  /** The caller's number or the one that was called. */
  readonly number?: string | undefined
  /** The caller waited at least this long for one of the answers. */
  readonly minResponseMs?: number | undefined
  /** What was said, heard or generated has this in it. */
  readonly q?: string | undefined
}

export interface PageOptions {
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor?: string | undefined
  readonly filters?: Filters
}

export const MOST_A_PAGE = 200
/** The usage of a call is summed up, so that a page reads one row for each model. */
const COUNTS = ['textIn', 'audioIn', 'cachedText', 'cachedAudio', 'textOut', 'audioOut', 'seconds'] as const

/**
 * A page of calls, newest first.
 * @throws BadRequest for a limit, a cursor or a number that cannot be
 */
export async function callsPage(store: Store, { limit, cursor, filters = {} }: PageOptions) {
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST_A_PAGE) {
    throw new BadRequest(`a page has from 1 to ${MOST_A_PAGE} calls`)
  }
  const rows = await store.reading
    .selectFrom('calls')
    .selectAll()
    .where((eb) => eb.and([...after(eb, cursor), ...conditions(eb, store, filters)]))
    .orderBy('startedAt', 'desc')
    .orderBy('id', 'desc')
    // One more says whether there is a next page.
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    calls: await callsOf(store, page),
    next: rows.length > limit && last ? cursorOf(last) : null
  }
}

/** A call by its id or its callSid, with its turns, events and usage; undefined for one that is not in the store. */
export async function readCall({ db }: Pick<Store, 'db'>, id: string) {
  const row = await db
    .selectFrom('calls')
    .selectAll()
    .where((eb) => eb.or([eb('id', '=', id), eb('callSid', '=', id)]))
    .executeTakeFirst()
  if (!row) return undefined
  const turns = await db.selectFrom('turns').selectAll().where('callId', '=', row.id).execute()
  const events = await db
    .selectFrom('events')
    .selectAll()
    .where('callId', '=', row.id)
    .orderBy('atMs')
    .orderBy('seq')
    .execute()
  const usage = await db.selectFrom('usage').selectAll().where('callId', '=', row.id).orderBy('seq').execute()
  return {
    call: callOf(row, usage),
    turns: turns.sort((one, other) => timeOf(one) - timeOf(other)).map(turnOf),
    events: events.map(eventOf),
    usage: usage.map(usageOf),
    result: await resultOf({ db }, row.id),
    deliveries: await deliveriesOf({ db }, row.id)
  }
}

/** The id of a call, by that or its callSid; undefined for one that is not in the store. */
export async function findCall({ db }: Pick<Store, 'db'>, id: string) {
  return db
    .selectFrom('calls')
    .select(['id', 'endedAt', 'node', 'recording'])
    .where((eb) => eb.or([eb('id', '=', id), eb('callSid', '=', id)]))
    .executeTakeFirst()
}

/** Calls as they are shown, in the order of their rows. */
export async function callsOf(store: Store, rows: readonly Selectable<CallRow>[]) {
  const ids = rows.map(({ id }) => id)
  const usage = await usageByModel(store, ids)
  return rows.map((row) => callOf(row, usage.get(row.id) ?? []))
}

/** What OpenAI bills for a call, and what all of it costs, in USD. Computed when it is read, from today's prices. */
function moneyOf(usage: readonly Counts[], durationMs: number) {
  const cost = costOf(usage, durationMs)
  return { costUsd: cost.model + cost.transcription + cost.analysis, cost }
}

type Counts = Pick<UsageRow, 'model' | (typeof COUNTS)[number]>
type Calls = ExpressionBuilder<Tables, 'calls'>

/** Undefined values ask for nothing. */
function conditions(eb: Calls, { isPostgres }: Store, filters: Filters): Expression<SqlBool>[] {
  const { reason, fault, agent, number, minResponseMs, q } = filters
  const all: Expression<SqlBool>[] = []
  if (reason !== undefined) all.push(eb('endReason', '=', reason as 'lost'))
  if (fault !== undefined) all.push(eb('fault', '=', fault as 'us'))
  if (agent !== undefined) all.push(eb('agent', '=', agent))
  if (number !== undefined) all.push(isOf(callerNumber(number))(eb))
  if (minResponseMs !== undefined) all.push(eb('responseMaxMs', '>=', minResponseMs))
  if (q !== undefined) {
    // SQLite's `like` takes no notice of the case of ASCII letters, Postgres has `ilike` for that.
    const operator = sql.raw(isPostgres ? 'ilike' : 'like')
    const pattern = `%${q
      .replaceAll('\0', '\uFFFD')
      .toWellFormed()
      .replace(/[\\%_]/g, '\\$&')}%`
    const has = (column: 'text' | 'generatedText') =>
      sql<SqlBool>`${sql.ref(column)} ${operator} ${pattern} escape '\\'`
    // Calls are looked through from the newest on, so that a word that many have said is found at once.
    const found = eb
      .selectFrom('turns')
      .select('callId')
      .whereRef('callId', '=', 'calls.id')
      .where(sql<SqlBool>`(${has('text')} or ${has('generatedText')})`)
    all.push(eb.exists(found))
  }
  return all
}

/** The calls after the last one of the page before. */
function after(eb: Calls, cursor: string | undefined): Expression<SqlBool>[] {
  if (cursor === undefined) return []
  const [, startedAt, id] = /^(\d{1,15})\.([\w-]+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (startedAt === undefined || id === undefined) throw new BadRequest('the cursor is none that a page has given')
  return [eb(eb.refTuple('startedAt', 'id'), '<', eb.tuple(Number(startedAt), id))]
}

function cursorOf({ startedAt, id }: Pick<CallRow, 'startedAt' | 'id'>): string {
  return Buffer.from(`${startedAt}.${id}`).toString('base64url')
}

async function usageByModel({ db }: Store, ids: readonly string[]): Promise<Map<string, Counts[]>> {
  const byCall = new Map<string, Counts[]>()
  if (ids.length === 0) return byCall
  const rows = await db
    .selectFrom('usage')
    .select(['callId', 'model'])
    .select((eb) => COUNTS.map((name) => eb.fn.sum<number>(name).as(name)))
    .where('callId', 'in', ids)
    .groupBy(['callId', 'model'])
    .execute()
  for (const { callId, ...counts } of rows) byCall.set(callId, [...(byCall.get(callId) ?? []), counts])
  return byCall
}

function callOf(row: Selectable<CallRow>, usage: readonly Counts[]) {
  const { id, callSid, direction, from, to, agent, node, version, startedAt, endedAt, endReason, fault } = row
  return {
    ...{ id, callSid, direction, from, to, agent, node, version, practice: row.practice === 1 },
    parameters: JSON.parse(row.parameters) as Record<string, string>,
    startedAt: iso(startedAt),
    answeredAt: row.answeredAt === null ? null : iso(row.answeredAt),
    endedAt: endedAt === null ? null : iso(endedAt),
    durationMs: endedAt === null ? null : endedAt - startedAt,
    ...{ endReason, fault, firstAudioMs: row.firstAudioMs },
    responseMs: { n: row.responses, p50: row.responseP50Ms, p90: row.responseP90Ms, max: row.responseMaxMs },
    ...{ turns: row.turns, bargeIns: row.bargeIns, reconnections: row.reconnections, tools: row.tools },
    ...moneyOf(usage, (endedAt ?? Date.now()) - startedAt),
    recording: row.recording,
    consent: row.consent === null ? null : consentOf(JSON.parse(row.consent)),
    resultState: row.resultState
  }
}

function consentOf({ mode, noticeHeardAt, answer }: Consent) {
  return { mode, noticeHeardAt: noticeHeardAt === null ? null : iso(noticeHeardAt), answer }
}

export function turnOf(row: Selectable<TurnRow>) {
  const { id, who, agent, text, generatedText, textState, startMs, endMs, sentMs, heardMs, toolMs, stream } = row
  const { voiceEnd, vadStop, committed, answerStarted, firstToken, firstAudio, sent, heard } = row
  return {
    ...{ id, who, agent, text, generatedText, textState, cut: row.cut === 1, startMs, endMs, sentMs, heardMs },
    ...{ tool: row.tool === 1, toolMs, stream },
    stations: { voiceEnd, vadStop, committed, answerStarted, firstToken, firstAudio, sent, heard }
  }
}

export function eventOf({ seq, atMs, type, stream, data }: Selectable<EventRow>): Event {
  return { ...(JSON.parse(data) as Record<string, unknown>), seq, atMs, type, stream }
}

function usageOf(row: Selectable<UsageRow>) {
  const { responseId, model, textIn, audioIn, cachedText, cachedAudio, textOut, audioOut, seconds } = row
  const counts = { model, textIn, audioIn, cachedText, cachedAudio, textOut, audioOut, seconds }
  return { responseId, ...counts, usd: usd(counts) ?? null }
}

/** Where a turn stands in its call. An answer that was never heard has its first sign of life. */
function timeOf({ startMs, sent, firstAudio, firstToken, answerStarted, endMs }: Selectable<TurnRow>): number {
  return startMs ?? sent ?? firstAudio ?? firstToken ?? answerStarted ?? endMs ?? Number.MAX_SAFE_INTEGER
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
