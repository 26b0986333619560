import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Store } from '../store/open.ts'
import { giveBack, MOST_WAITING, type Sink, StoreIsSlow } from './seconds.ts'

interface Row {
  readonly sink: RowSink
  readonly second: number
  readonly audio: Buffer
  readonly bytes: number
}

/** Rows are gathered for this long: one insert for each row would cost the server more than the sound does. */
const GATHER_MS = 60
/** The most rows of one insert: 1.6 MB. */
const MOST_ROWS = 100

/** Writes the seconds of all recordings of this server into the database. */
export class RowWriter {
  readonly #store: Store
  /** The rows that are not being inserted. */
  #waiting: Row[] = []
  /** The calls of which all is deleted before anything more is written. */
  readonly #deletions = new Set<RowSink>()
  #isClosing = false
  #isWriting = false

  constructor(store: Store) {
    this.#store = store
  }

  write(row: Row): void {
    this.#waiting.push(row)
    this.#start()
  }

  /** @returns false when it is on its way already */
  delete(sink: RowSink): boolean {
    this.forget(sink)
    if (this.#deletions.has(sink)) return false
    this.#deletions.add(sink)
    this.#start()
    return true
  }

  /** Gives up what waits of a call. */
  forget(sink: RowSink): void {
    const rows = this.#waiting.filter((row) => row.sink === sink)
    this.#waiting = this.#waiting.filter((row) => row.sink !== sink)
    settle(rows, false)
  }

  /** From now on nothing is tried twice. */
  close(): void {
    this.#isClosing = true
  }

  #start(): void {
    if (this.#isWriting) return
    this.#isWriting = true
    void this.#writeAll().finally(() => {
      this.#isWriting = false
    })
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 || this.#deletions.size > 0) {
      if (!this.#isClosing) await delay(GATHER_MS)
      const rows = this.#next()
      try {
        await this.#deleteAll()
        const later = await this.#insert(rows)
        settle(
          rows.filter((row) => !later.includes(row)),
          true
        )
        this.#tryLater(later, new Error('its call is not in the store'))
      } catch (error) {
        this.#tryLater(rows, error)
        if (this.#isClosing) this.#giveUpDeletions(error)
      }
    }
  }

  /** One insert cannot write the same row twice: two streams may share a second. */
  #next(): Row[] {
    const keys = new Set<string>()
    const rows = this.#waiting.filter(({ sink, second }) => {
      const key = `${sink.callId} ${second}`
      if (keys.size === MOST_ROWS || keys.has(key)) return false
      keys.add(key)
      return true
    })
    this.#waiting = this.#waiting.filter((row) => !rows.includes(row))
    return rows
  }

  #tryLater(rows: readonly Row[], error: unknown): void {
    const [lost, left] = [rows.filter(({ sink }) => sink.isLost), rows.filter(({ sink }) => !sink.isLost)]
    settle(lost, false)
    // Before those that came meanwhile: of a second, its beginning is kept first.
    if (!this.#isClosing) return void this.#waiting.unshift(...left)
    settle(left, false)
    for (const { sink } of left) sink.fail(error)
  }

  #giveUpDeletions(error: unknown): void {
    for (const sink of this.#deletions) {
      sink.fail(error)
      sink.settled(false)
    }
    this.#deletions.clear()
  }

  async #deleteAll(): Promise<void> {
    const sinks = [...this.#deletions]
    if (sinks.length === 0) return
    const callIds = sinks.map(({ callId }) => callId)
    await this.#store.db.deleteFrom('recordingChunks').where('callId', 'in', callIds).execute()
    for (const sink of sinks) {
      this.#deletions.delete(sink)
      sink.settled(false)
    }
  }

  /** @returns the rows whose calls are not in the store yet; a call that was erased is never written again */
  #insert(rows: readonly Row[]): Promise<Row[]> {
    if (rows.length === 0) return Promise.resolve([])
    return this.#store.db.transaction().execute(async (transaction) => {
      await this.#store.lockErasure(transaction, 'shared')
      const callIds = [...new Set(rows.map(({ sink }) => sink.callId))]
      const known = await transaction.selectFrom('calls').select('id').where('id', 'in', callIds).execute()
      const erased = await transaction.selectFrom('erased').select('callId').where('callId', 'in', callIds).execute()
      const isKnown = new Set(known.map(({ id }) => id))
      const isErased = new Set(erased.map(({ callId }) => callId))
      const values = rows
        .filter(({ sink }) => isKnown.has(sink.callId))
        .map(({ sink, second, audio, bytes }) => ({ callId: sink.callId, second, audio: audio.subarray(0, bytes) }))
      // What is kept of this second stays.
      const kept = sql.ref<Uint8Array>('recordingChunks.audio')
      const rest = sql`substring(excluded.audio from octet_length(${kept}) + 1)`
      const merged = sql<Uint8Array>`${kept} || ${rest}`
      if (values.length > 0) {
        await transaction
          .insertInto('recordingChunks')
          .values(values)
          .onConflict((conflict) => conflict.columns(['callId', 'second']).doUpdateSet({ audio: merged }))
          .execute()
      }
      return rows.filter(({ sink }) => !isKnown.has(sink.callId) && !isErased.has(sink.callId))
    })
  }
}

function settle(rows: readonly Row[], isKept: boolean): void {
  for (const { sink, audio } of rows) {
    giveBack(audio)
    sink.settled(isKept)
  }
}

/** The recording of one stream of a call as rows, a second each. */
export class RowSink implements Sink {
  readonly callId: string
  isLost = false
  readonly #writer: RowWriter
  readonly #lost: (error: unknown) => void
  readonly #ended = Promise.withResolvers<boolean>()
  #waiting = 0
  #isEnding = false
  #isKept = false

  constructor(writer: RowWriter, callId: string, lost: (error: unknown) => void) {
    this.#writer = writer
    this.callId = callId
    this.#lost = lost
  }

  write(second: number, audio: Buffer | undefined, bytes: number): void {
    if (!audio) return
    if (!this.isLost && this.#waiting >= MOST_WAITING) this.fail(new StoreIsSlow('the database'))
    if (this.isLost) return giveBack(audio)
    this.#waiting += 1
    this.#writer.write({ sink: this, second, audio, bytes })
  }

  delete(): void {
    if (this.#writer.delete(this)) this.#waiting += 1
  }

  end(): Promise<boolean> {
    this.#isEnding = true
    this.#endIfDone()
    return this.#ended.promise
  }

  /** The writer is done with a row or a deletion of this sink's. */
  settled(isKept: boolean): void {
    this.#waiting -= 1
    this.#isKept ||= isKept
    this.#endIfDone()
  }

  fail(error: unknown): void {
    if (this.isLost) return
    this.isLost = true
    this.#writer.forget(this)
    this.#lost(error)
  }

  #endIfDone(): void {
    if (this.#isEnding && this.#waiting <= 0) this.#ended.resolve(this.#isKept && !this.isLost)
  }
}
