import type { FastifyBaseLogger } from 'fastify'
import type { Store } from './open.ts'
import {
  fromTurns,
  intoCalls,
  intoDeliveries,
  intoEvents,
  intoResults,
  intoTurns,
  intoUsage,
  intoWriters,
  rowsOf,
  type TableRows
} from './rows.ts'
import { Stamps } from './stamps.ts'
import type { CallRow, DeliveryRow, EventRow, ResultRow, TurnRow, UsageRow } from './tables.ts'

/** What is gathered before it is written. */
const EVERY_MS = 200
/** What is kept while the store cannot be written: some hours of a hundred calls. */
export const MOST_ROWS = 100_000
const MOST_BYTES = 64 * 1024 * 1024
/** Waits between attempts, in ms; the last one repeats. */
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000]
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
  readonly deliveries = new Map<string, DeliveryRow>()
  readonly results = new Map<string, ResultRow>()
  bytes = 0

  get rows(): number {
    const { calls, turns, forgotten, events, usage, deliveries, results } = this
    return calls.size + turns.size + forgotten.size + events.length + usage.length + deliveries.size + results.size
  }

  /** An event has one row: a later one only puts it off or brings it forward, as in the store. */
  addDelivery(row: DeliveryRow): void {
    const key = `${row.callId} ${row.type} ${row.key}`
    const known = this.deliveries.get(key)
    if (known === undefined) this.deliveries.set(key, row)
    else if (known.state === 'held') this.deliveries.set(key, { ...known, at: row.at, dueAt: row.dueAt })
  }

  /** In the order in which they may be written: everything else belongs to a call. */
  tables(stamps: Stamps): TableRows[] {
    const calls = [...this.calls.values()].map(stamps.add)
    const turns = [...this.turns.values()].map(stamps.add)
    const events = this.events.map(stamps.add)
    return [
      rowsOf(intoWriters, calls.length + turns.length + events.length > 0 ? [stamps.last] : []),
      rowsOf(intoCalls, calls),
      rowsOf(fromTurns, [...this.forgotten.values()]),
      rowsOf(intoTurns, turns),
      rowsOf(intoEvents, events),
      rowsOf(intoUsage, this.usage),
      rowsOf(intoDeliveries, [...this.deliveries.values()]),
      rowsOf(intoResults, [...this.results.values()])
    ].filter(({ rows }) => rows.length > 0)
  }
}

/**
 * Writes the records of calls, in one transaction every 200 ms, off the audio's path. What cannot be written is kept up
 * to a limit and tried again; the log says so once, and once when it is over.
 */
export class Writer {
  readonly #store: Store
  readonly #log: FastifyBaseLogger
  readonly #erased = new Set<string>()
  readonly #onStored: ((hasDeliveries: boolean) => void)[] = []
  readonly #stamps: Stamps
  #batch = new Batch()
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #failures = 0
  #dropped = 0

  /** @param id of this process: no other writer has it */
  constructor(store: Store, log: FastifyBaseLogger, id: string) {
    this.#store = store
    this.#log = log
    this.#stamps = new Stamps(id)
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

  /** In the same transaction as the call's row of the same tick. */
  delivery(row: DeliveryRow): void {
    if (this.#hasRoom(row.data.length)) this.#batch.addDelivery(row)
  }

  /** As `delivery`. */
  result(row: ResultRow): void {
    if (this.#hasRoom(0)) this.#batch.results.set(row.callId, row)
  }

  /**
   * Called whenever rows were stored.
   * @param listener `hasDeliveries`: deliveries or results were among them @returns removes the listener
   */
  onStored(listener: (hasDeliveries: boolean) => void): () => void {
    this.#onStored.push(listener)
    return () => void this.#onStored.splice(this.#onStored.indexOf(listener), 1)
  }

  /** Rows that are not stored yet. */
  get waiting(): number {
    return this.#batch.rows
  }

  /** The last attempt to write has failed, and what is known waits in memory. */
  get isFailing(): boolean {
    return this.#failures > 0
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
      await this.#insert(batch)
      this.#succeeded()
    } catch (error) {
      if (isOfOneRow(error) && batch.rows > 1) await this.#writeOneByOne(batch)
      else if (isOfOneRow(error)) this.#log.error({ err: errorOf(error) }, 'a row of a record could not be stored')
      else this.#failed(batch, error)
    }
    this.#writing = undefined
    if (this.#batch.rows > 0) this.#later(RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1] ?? EVERY_MS)
  }

  async #insert(batch: Batch): Promise<void> {
    for (const id of await this.#store.write(batch.tables(this.#stamps))) this.#erased.add(id)
    const hasDeliveries = batch.deliveries.size + batch.results.size > 0
    for (const listener of this.#onStored) listener(hasDeliveries)
  }

  /** One row that a database refuses must not hold up all others. */
  async #writeOneByOne({ calls, turns, forgotten, events, usage, deliveries, results }: Batch): Promise<void> {
    const one = async (fill: (single: Batch) => void) => {
      const single = new Batch()
      fill(single)
      try {
        await this.#insert(single)
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
    for (const row of deliveries.values()) await one((single) => single.addDelivery(row))
    for (const [id, row] of results) await one((single) => single.results.set(id, row))
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
    for (const row of newer.deliveries.values()) batch.addDelivery(row)
    for (const [id, row] of newer.results) batch.results.set(id, row)
    batch.bytes += newer.bytes
    this.#batch = batch
  }
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
