import { type CompiledQuery, type Kysely, type SqlBool, sql } from 'kysely'
import type {
  CallRow,
  DeliveryRow,
  EventRow,
  ResultRow,
  Stamp,
  Tables,
  TurnRow,
  UsageRow,
  WriterRow
} from './tables.ts'

interface Query {
  compile(): CompiledQuery
  execute(): Promise<unknown>
}

/** Rows of one table and the statement that writes them. */
export interface TableRows {
  /** The statement for these rows: its values are the rows' values, in the order of their names. */
  readonly statement: (db: Kysely<Tables>, rows: readonly object[]) => Query
  /** The first value of each is its call's id. */
  readonly rows: readonly object[]
}

export function rowsOf<Row extends object>(
  statement: (db: Kysely<Tables>, rows: readonly Row[]) => Query,
  rows: readonly Row[]
): TableRows {
  return { statement: statement as TableRows['statement'], rows }
}

const CALL_COLUMNS = [
  ...(['callSid', 'direction', 'from', 'to', 'agent', 'node', 'version', 'practice', 'parameters'] as const),
  ...(['startedAt', 'answeredAt', 'endedAt', 'endReason', 'fault', 'firstAudioMs', 'responses'] as const),
  ...(['responseP50Ms', 'responseP90Ms', 'responseMaxMs', 'turns', 'bargeIns', 'reconnections', 'tools'] as const),
  ...(['streams', 'recording', 'consent', 'updatedAt', 'writer', 'writerSeq'] as const)
]
const TURN_COLUMNS = [
  ...(['agent', 'text', 'generatedText', 'textState', 'cut', 'startMs', 'endMs', 'sentMs', 'heardMs', 'tool'] as const),
  ...(['toolMs', 'voiceEnd', 'vadStop', 'committed', 'answerStarted', 'firstToken', 'firstAudio', 'sent'] as const),
  ...(['heard', 'writer', 'writerSeq'] as const)
]

/** Written first in a transaction: another one of the same writer's waits for it. */
export const intoWriters = (db: Kysely<Tables>, rows: readonly WriterRow[]) =>
  db
    .insertInto('writers')
    .values(rows)
    .onConflict((oc) =>
      oc.column('id').doUpdateSet((eb) => ({ seq: eb.ref('excluded.seq'), at: eb.ref('excluded.at') }))
    )

/**
 * A call that was closed as lost is not open again because its process, which was only cut off, has something new: its
 * end was told. A newer stream, or the end that it had, goes on from there.
 */
const staysClosedWhenLost = sql<SqlBool>`
  (calls."endReason" is null or calls."endReason" <> 'lost' or excluded."endReason" is not null or calls.streams < excluded.streams)`

export const intoCalls = (db: Kysely<Tables>, rows: readonly (CallRow & Stamp)[]) =>
  db
    .insertInto('calls')
    .values(rows)
    .onConflict((oc) =>
      oc
        .column('id')
        .doUpdateSet((eb) => Object.fromEntries(CALL_COLUMNS.map((name) => [name, eb.ref(`excluded.${name}`)])))
        .whereRef('calls.streams', '<=', 'excluded.streams')
        .where(staysClosedWhenLost)
    )

export const intoTurns = (db: Kysely<Tables>, rows: readonly (TurnRow & Stamp)[]) =>
  db
    .insertInto('turns')
    .values(rows)
    .onConflict((oc) =>
      oc
        .columns(['callId', 'stream', 'id'])
        .doUpdateSet((eb) => Object.fromEntries(TURN_COLUMNS.map((name) => [name, eb.ref(`excluded.${name}`)])))
    )

// A batch whose acknowledgement was lost is written again.
export const intoEvents = (db: Kysely<Tables>, rows: readonly (EventRow & Stamp)[]) =>
  db
    .insertInto('events')
    .values(rows)
    .onConflict((oc) => oc.doNothing())

export const intoUsage = (db: Kysely<Tables>, rows: readonly UsageRow[]) =>
  db
    .insertInto('usage')
    .values(rows)
    .onConflict((oc) => oc.doNothing())

export const fromTurns = (db: Kysely<Tables>, rows: readonly Pick<TurnRow, 'callId' | 'stream' | 'id'>[]) =>
  db.deleteFrom('turns').where((eb) => eb.or(rows.map(({ callId, stream, id }) => eb.and({ callId, stream, id }))))

// What is held may be put off or brought forward until it is sent. Literals are no values of a row.
export const intoDeliveries = (db: Kysely<Tables>, rows: readonly DeliveryRow[]) =>
  db
    .insertInto('deliveries')
    .values(rows)
    .onConflict((oc) =>
      oc
        .columns(['callId', 'type', 'key'])
        .doUpdateSet((eb) => ({ at: eb.ref('excluded.at'), dueAt: eb.ref('excluded.dueAt') }))
        .where('deliveries.state', '=', sql.lit('held'))
    )

export const intoResults = (db: Kysely<Tables>, rows: readonly ResultRow[]) =>
  db
    .insertInto('results')
    .values(rows)
    .onConflict((oc) =>
      oc
        .column('callId')
        .doUpdateSet((eb) => ({ dueAt: eb.ref('excluded.dueAt') }))
        .where('results.dueAt', 'is not', null)
    )
