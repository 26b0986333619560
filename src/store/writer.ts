import type { FastifyBaseLogger } from 'fastify'
import type { Kysely } from 'kysely'
import type { Store } from './open.ts'
import type { CallRow, EventRow, Tables, TurnRow, UsageRow } from './tables.ts'

/** What is gathered before it is written. */
const EVERY_MS = 100
/** What is kept while the store cannot be written: some hours of a hundred calls. */
const MOST_ROWS = 100_000
const MOST_BYTES = 64 * 1024 * 1024
/** Waits between attempts, in ms; the last one repeats. */
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000]
/** Rows of one statement: SQLite takes 32,766 values, and a turn has 24. */
const ROWS_A_STATEMENT = 500
/** The values that a row has on top of its texts. */
const ROW_BYTES = 200

type TurnKey = Pick<TurnRow, 'callId' | 'stream' | 'id'>

/** Rows on their way to the store. Of a call or turn that changes again, only the newest row is written. */
class Batch {
  readonly calls = new Map<string, CallRow>()
  readonly turns = new Map<string, TurnRow>()
  readonly forgotten = new Map<string, TurnKey>()
  readonly events: EventRow[] = []
  readonly usage: UsageRow[] = []
  bytes = 0

  get rows(): number {
    return this.calls.size + this.turns.size + this.forgotten.size + this.events.length + this.usage.length
  }

  get callIds(): string[] {
    const ids = new Set(this.calls.keys())
    for (const { callId } of this.turns.values()) ids.add(callId)
    for (const { callId } of this.events) ids.add(callId)
    for (const { callId } of this.usage) ids.add(callId)
    return [...ids]
  }
}

/**
 * Writes the records of calls, in one transaction every 100 ms, off the audio's path. What cannot be written is kept up
 * to a limit and tried again; the log says so once, and once when it is over.
 */
export class Writer {
  readonly #store: Store
  readonly #log: FastifyBaseLogger
  readonly #erased = new Set<string>()
  #batch = new Batch()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #failures = 0
  #dropped = 0

  constructor(store: Store, log: FastifyBaseLogger) {
    this.#store = store
    this.#log = log
  }

  call(row: CallRow): void {
    const waiting = this.#batch.calls.get(row.id)
    // The late words of an older stream of the same call.
    if (waiting && waiting.streams > row.streams) return
    if (waiting || this.#hasRoom(row.parameters.length)) this.#batch.calls.set(row.id, row)
  }

  turn(row: TurnRow): void {
    const key = keyOf(row)
    const isNew = !this.#batch.turns.has(key)
    if (isNew && !this.#hasRoom((row.text?.length ?? 0) + (row.generatedText?.length ?? 0))) return
    this.#batch.turns.set(key, row)
  }

  forgetTurn(turn: TurnKey): void {
    const key = keyOf(turn)
    this.#batch.turns.delete(key)
    if (this.#hasRoom(0)) this.#batch.forgotten.set(key, turn)
  }

  event(row: EventRow): void {
    if (this.#hasRoom(row.data.length)) this.#batch.events.push(row)
  }

  usage(row: UsageRow): void {
    if (this.#hasRoom(0)) this.#batch.usage.push(row)
  }

  /** Rows that are not stored yet. */
  get waiting(): number {
    return this.#batch.rows
  }

  /** The call was erased, so nothing more of it is stored. Known after the call's next row was to be written. */
  isErased(callId: string): boolean {
    return this.#erased.has(callId)
  }

  /** Resolves when everything that is known now is stored, or when `ms` have passed. */
  async flush(ms: number): Promise<void> {
    const until = performance.now() + ms
    while (this.#writing || this.#batch.rows > 0) {
      const left = until - performance.now()
      if (left <= 0) {
        this.#log.error({ rows: this.#batch.rows }, 'records were lost: the store could not be written in time')
        return
      }
      this.#writing ??= this.#write()
      await Promise.race([this.#writing, new Promise((resolve) => setTimeout(resolve, Math.min(left, 50)))])
    }
  }

  #hasRoom(bytes: number): boolean {
    const batch = this.#batch
    if (batch.rows >= MOST_ROWS || batch.bytes >= MOST_BYTES) {
      this.#dropped += 1
      return false
    }
    batch.bytes += ROW_BYTES + bytes
    this.#later(EVERY_MS)
    return true
  }

  #later(ms: number): void {
    if (this.#timer || this.#writing) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#writing ??= this.#write()
    }, ms).unref()
  }

  /** Never rejects. */
  async #write(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const batch = this.#batch
    this.#batch = new Batch()
    try {
      await this.#store.db.transaction().execute((transaction) => this.#insert(transaction, batch))
      this.#succeeded()
    } catch (error) {
      if (isOfOneRow(error) && batch.rows > 1) await this.#writeOneByOne(batch)
      else if (isOfOneRow(error)) this.#log.error({ err: errorOf(error) }, 'a row of a record could not be stored')
      else this.#failed(batch, error)
    }
    this.#writing = undefined
    if (this.#batch.rows > 0) this.#later(RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1] ?? EVERY_MS)
  }

  async #insert(db: Kysely<Tables>, batch: Batch): Promise<void> {
    await this.#store.lockErasure(db, 'shared')
    const ids = batch.callIds
    const erased = ids.length === 0 ? [] : await erasedAmong(db, ids)
    for (const id of erased) this.#erased.add(id)
    const isKept = ({ callId }: { callId: string }) => !erased.includes(callId)
    for (const rows of portions([...batch.calls.values()].filter(({ id }) => !erased.includes(id)))) {
      await insertCalls(db, rows)
    }
    for (const { callId, stream, id } of batch.forgotten.values()) {
      const all = { callId, stream, id }
      await db
        .deleteFrom('turns')
        .where((eb) => eb.and(all))
        .execute()
    }
    for (const rows of portions([...batch.turns.values()].filter(isKept))) await insertTurns(db, rows)
    for (const rows of portions(batch.events.filter(isKept))) {
      // A batch whose acknowledgement was lost is written again.
      await db
        .insertInto('events')
        .values(rows)
        .onConflict((oc) => oc.doNothing())
        .execute()
    }
    for (const rows of portions(batch.usage.filter(isKept))) {
      await db
        .insertInto('usage')
        .values(rows)
        .onConflict((oc) => oc.doNothing())
        .execute()
    }
  }

  /** One row that a database refuses must not hold up all others. */
  async #writeOneByOne({ calls, turns, forgotten, events, usage }: Batch): Promise<void> {
    const one = async (fill: (single: Batch) => void) => {
      const single = new Batch()
      fill(single)
      try {
        await this.#store.db.transaction().execute((transaction) => this.#insert(transaction, single))
      } catch (error) {
        if (isOfOneRow(error)) this.#log.error({ err: errorOf(error) }, 'a row of a record could not be stored')
        else this.#failed(single, error)
      }
    }
    for (const [id, row] of calls) await one((single) => single.calls.set(id, row))
    for (const [key, row] of forgotten) await one((single) => single.forgotten.set(key, row))
    for (const [key, row] of turns) await one((single) => single.turns.set(key, row))
    for (const row of events) await one((single) => single.events.push(row))
    for (const row of usage) await one((single) => single.usage.push(row))
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#log.info({ dropped: this.#dropped }, 'the store can be written again')
    this.#failures = 0
    this.#dropped = 0
  }

  /** The rows go before those that came meanwhile. */
  #failed(batch: Batch, error: unknown): void {
    if (this.#failures === 0) {
      this.#log.error({ err: errorOf(error) }, 'the store cannot be written: records wait in memory')
    }
    this.#failures += 1
    const newer = this.#batch
    for (const [key, row] of newer.calls) batch.calls.set(key, row)
    for (const [key, row] of newer.turns) batch.turns.set(key, row)
    for (const [key, row] of newer.forgotten) {
      batch.turns.delete(key)
      batch.forgotten.set(key, row)
    }
    batch.events.push(...newer.events)
    batch.usage.push(...newer.usage)
    batch.bytes += newer.bytes
    this.#batch = batch
  }
}

/** The calls of these that were erased. */
export async function erasedAmong(db: Kysely<Tables>, ids: readonly string[]): Promise<string[]> {
  const rows = await db.selectFrom('erased').select('callId').where('callId', 'in', ids).execute()
  return rows.map(({ callId }) => callId)
}

const CALL_COLUMNS = [
  ...(['callSid', 'direction', 'from', 'to', 'agent', 'node', 'version', 'practice', 'parameters'] as const),
  ...(['startedAt', 'answeredAt', 'endedAt', 'endReason', 'fault', 'firstAudioMs', 'responses'] as const),
  ...(['responseP50Ms', 'responseP90Ms', 'responseMaxMs', 'turns', 'bargeIns', 'reconnections', 'tools'] as const),
  ...(['streams', 'recording', 'consent', 'updatedAt'] as const)
]
const TURN_COLUMNS = [
  ...(['agent', 'text', 'generatedText', 'textState', 'cut', 'startMs', 'endMs', 'sentMs', 'heardMs', 'tool'] as const),
  ...(['toolMs', 'voiceEnd', 'vadStop', 'committed', 'answerStarted', 'firstToken', 'firstAudio', 'sent'] as const),
  'heard' as const
]

async function insertCalls(db: Kysely<Tables>, rows: readonly CallRow[]): Promise<void> {
  await db
    .insertInto('calls')
    .values(rows)
    .onConflict((oc) =>
      oc
        .column('id')
        .doUpdateSet((eb) => Object.fromEntries(CALL_COLUMNS.map((name) => [name, eb.ref(`excluded.${name}`)])))
        .whereRef('calls.streams', '<=', 'excluded.streams')
    )
    .execute()
}

async function insertTurns(db: Kysely<Tables>, rows: readonly TurnRow[]): Promise<void> {
  await db
    .insertInto('turns')
    .values(rows)
    .onConflict((oc) =>
      oc
        .columns(['callId', 'stream', 'id'])
        .doUpdateSet((eb) => Object.fromEntries(TURN_COLUMNS.map((name) => [name, eb.ref(`excluded.${name}`)])))
    )
    .execute()
}

function* portions<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) yield rows.slice(from, from + ROWS_A_STATEMENT)
}

function keyOf({ callId, stream, id }: TurnKey): string {
  return `${callId} ${stream} ${id}`
}

/** The database refuses a value: another attempt cannot help. (PostgreSQL: classes 22, 23; SQLite: CONSTRAINT, MISMATCH) */
function isOfOneRow(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (typeof errcode === 'number') return (errcode & 0xff) === 19 || (errcode & 0xff) === 20
  return typeof code === 'string' && /^2[23]\w{3}$/.test(code)
}

/** A database's error may quote the row, which has people's words in it. */
function errorOf(error: unknown): {
  readonly name: string
  readonly code: unknown
  readonly stack: string | undefined
} {
  const { name, code, errcode, stack } = error as Error & { code?: unknown; errcode?: unknown }
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line))
  return { name, code: errcode ?? code, stack: frames?.join('\n') }
}
