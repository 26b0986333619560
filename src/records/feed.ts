import { type Kysely, sql } from 'kysely'
import type { Store } from '../store/open.ts'
import type { EventRow, Stamp, Tables, TurnRow } from '../store/tables.ts'
import { BadRequest } from './caller-number.ts'
import { type Call, callsOf, type Event, eventOf, type Turn, turnOf } from './read.ts'

/** What somebody who follows the calls is told. Told twice, each says the same. */
export type Change =
  | { readonly event: 'call'; readonly data: Call }
  | { readonly event: 'turn'; readonly data: { readonly callSid: string; readonly turn: Turn } }
  | { readonly event: 'event'; readonly data: { readonly callSid: string; readonly event: Event } }

/** How far each writer has been read. */
export type Cursor = ReadonlyMap<string, number>

export interface Changes {
  readonly changes: readonly Change[]
  /** After these. */
  readonly cursor: Cursor
  /** There may be more at once. */
  readonly isCut: boolean
}

/** The most rows of one table that are read at a time. */
const MOST_ROWS = 200
/** A running call is shown with so many of its last turns. */
const LAST_TURNS = 4
/** Who changes calls that another process wrote. */
export const OTHERS = 'records'

export function encodeCursor(cursor: Cursor): string {
  const parts = [...cursor].sort(([one], [other]) => (one < other ? -1 : 1)).map(([id, seq]) => `${id}:${seq}`)
  return Buffer.from(parts.join()).toString('base64url')
}

/** @throws BadRequest for one that this did not encode */
export function decodeCursor(text: string): Cursor {
  const parts = Buffer.from(text, 'base64url').toString().split(',')
  const cursor = new Map<string, number>()
  for (const part of parts) {
    const [, id, seq] = /^([^:,]{1,100}):(\d{1,15})$/.exec(part) ?? []
    if (id === undefined) throw new BadRequest('Last-Event-ID: expected the id of an event of /api/live')
    cursor.set(id, Number(seq))
  }
  return cursor
}

/** The calls that run, as they are, and from where to go on. */
export async function liveNow(store: Store): Promise<Changes> {
  // The cursor first: what changes meanwhile is told once more.
  const cursor = await heads(store)
  const rows = await store.db
    .selectFrom('calls')
    .selectAll()
    .where('endedAt', 'is', null)
    .orderBy('startedAt')
    .execute()
  const calls = await callsOf(store, rows)
  const turns = await lastTurns(store)
  return {
    changes: [...calls.map((data): Change => ({ event: 'call', data })), ...turns],
    cursor,
    isCut: false
  }
}

/** What has changed after a cursor: of each call and turn its newest state, and the events that came. */
export async function changesAfter(store: Store, after: Cursor): Promise<Changes> {
  const changes: Change[] = []
  const cursor = new Map<string, number>()
  let isCut = false
  for (const [writer, head] of await heads(store)) {
    const from = after.get(writer) ?? 0
    const upTo = head > from ? await readWriter(store, { writer, from, head }, changes) : from
    cursor.set(writer, upTo)
    isCut ||= upTo < head
  }
  return { changes, cursor, isCut }
}

/** Says that calls have changed which this process does not write. Run it last in the transaction that changed them. */
export async function stampCalls(
  transaction: Kysely<Tables>,
  ids: readonly string[],
  now: Store['now']
): Promise<void> {
  // The row is held until the end of the transaction, so that the numbers are in the order of the commits.
  const { seq } = await transaction
    .insertInto('writers')
    .values({ id: OTHERS, seq: 1, at: now })
    .onConflict((oc) => oc.column('id').doUpdateSet({ seq: sql<number>`${sql.ref('writers.seq')} + 1`, at: now }))
    .returning('seq')
    .executeTakeFirstOrThrow()
  await transaction.updateTable('calls').set({ writer: OTHERS, writerSeq: seq }).where('id', 'in', ids).execute()
}

async function heads({ db }: Store): Promise<Map<string, number>> {
  const rows = await db.selectFrom('writers').select(['id', 'seq']).execute()
  return new Map(rows.map(({ id, seq }) => [id, seq]))
}

/** What a writer wrote after `from` and up to `head`. */
interface Part {
  readonly writer: string
  readonly from: number
  readonly head: number
}

/** Adds a part, in order. @returns the number up to which all of it was read */
async function readWriter(store: Store, part: Part, changes: Change[]): Promise<number> {
  const [calls, turns, events] = await Promise.all([
    written(store, 'calls', part),
    written(store, 'turns', part),
    written(store, 'events', part)
  ])
  const upTo = Math.min(part.head, ...[calls, turns, events].map(lastOf))
  const isRead = (row: Stamp) => numberOf(row) <= upTo
  const shown = await callsOf(store, calls.filter(isRead))
  const numbered = [
    ...shown.map((data, at) => ({ seq: numberOf(calls[at]), change: { event: 'call', data } as Change })),
    ...turns.filter(isRead).map((row) => ({ seq: numberOf(row), change: turnChange(row) })),
    ...events.filter(isRead).map((row) => ({ seq: numberOf(row), change: eventChange(row) }))
  ]
  changes.push(...numbered.sort((one, other) => one.seq - other.seq).map(({ change }) => change))
  return upTo
}

/** Of rows beyond `head`, others may be missing that come before them. */
function written<Table extends 'calls' | 'turns' | 'events'>({ db }: Store, table: Table, part: Part) {
  return db
    .selectFrom(table as 'calls')
    .selectAll()
    .where('writer', '=', part.writer)
    .where('writerSeq', '>', part.from)
    .where('writerSeq', '<=', part.head)
    .orderBy('writerSeq')
    .limit(MOST_ROWS)
    .execute() as unknown as Promise<Tables[Table][]>
}

/** Infinity when all rows are there. */
function lastOf(rows: readonly Stamp[]): number {
  return rows.length < MOST_ROWS ? Number.POSITIVE_INFINITY : numberOf(rows.at(-1))
}

function numberOf(row: Stamp | undefined): number {
  return row?.writerSeq ?? 0
}

function turnChange(row: TurnRow): Change {
  return { event: 'turn', data: { callSid: row.callId, turn: turnOf(row) } }
}

function eventChange(row: EventRow): Change {
  return { event: 'event', data: { callSid: row.callId, event: eventOf(row) } }
}

async function lastTurns({ db }: Store): Promise<Change[]> {
  const at = sql`coalesce("startMs", "sent", "firstAudio", "firstToken", "answerStarted", "endMs")`
  const rows = await db
    .selectFrom((eb) =>
      eb
        .selectFrom('turns')
        .selectAll()
        .select(sql<number>`row_number() over (partition by ${sql.ref('callId')} order by ${at} desc)`.as('fromLast'))
        .where('callId', 'in', (inner) => inner.selectFrom('calls').select('id').where('endedAt', 'is', null))
        .as('numbered')
    )
    .selectAll()
    .where('fromLast', '<=', LAST_TURNS)
    .orderBy('fromLast', 'desc')
    .execute()
  return rows.map(turnChange)
}
