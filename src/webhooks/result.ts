import type { FastifyBaseLogger } from 'fastify'
import { type Kysely, sql } from 'kysely'
import type { ZodObject } from 'zod'
import type { Config } from '../config.ts'
import { readCall } from '../records/read.ts'
import { newDelivery } from '../store/new-delivery.ts'
import type { Store } from '../store/open.ts'
import type { CallRow, ResultRow, Tables, UsageRow } from '../store/tables.ts'
import type { Writer } from '../store/writer.ts'
import { type Analysis, Analyst } from './analyst.ts'
import type { OnCallEnd } from './call-ends.ts'
import { LEASE_MS, Queue } from './queue.ts'

const MOST_AT_A_TIME = 4
/** After a request that failed, and after the second one. The third is the last. */
const WAITS_MS = [1_000, 4_000]

export interface ResultsOptions {
  readonly store: Store
  readonly writer: Pick<Writer, 'result'>
  readonly log: FastifyBaseLogger
  /** This process. */
  readonly node: string
  readonly model: NonNullable<Config['result']>
  readonly schema: ZodObject
  /** Somebody is told of results: called when one stands in the outbox. */
  readonly tell: (() => void) | undefined
}

type Finished = Exclude<CallRow['resultState'], 'off' | 'pending'>

/** Has every call analysed when it is over: once, by one process, also after a restart. */
export class Results {
  readonly #options: ResultsOptions
  readonly #analyst: Analyst
  readonly #queue: Queue<ResultRow>

  constructor(options: ResultsOptions) {
    this.#options = options
    this.#analyst = new Analyst(options.model, options.schema)
    this.#queue = new Queue({
      most: MOST_AT_A_TIME,
      take: (most) => this.#take(most),
      idOf: ({ callId }) => callId,
      run: (row, signal) => this.#analyse(row, signal),
      renew: (ids) => this.#renew(ids)
    })
  }

  start(): void {
    this.#queue.start()
  }

  readonly wake = (): void => this.#queue.wake()

  /** What is under way is left to the next start, or to another server. */
  close(): Promise<void> {
    return this.#queue.close(0)
  }

  readonly onCallEnd: OnCallEnd = (callId, _, dueAt) => {
    this.#options.writer.result({ callId, dueAt, takenBy: null, takenUntil: 0, attempts: 0, data: null })
  }

  #take(most: number): Promise<ResultRow[]> {
    const { store, node } = this.#options
    const { db, now, isPostgres } = store
    return db
      .updateTable('results')
      .set({ takenBy: node, takenUntil: sql<number>`${now} + ${sql.lit(LEASE_MS)}` })
      .where('callId', 'in', (eb) =>
        eb
          .selectFrom('results')
          .select('callId')
          .where('dueAt', '<=', now)
          .where('takenUntil', '<=', now)
          .orderBy('dueAt')
          .limit(most)
          .$if(isPostgres, (query) => query.forUpdate().skipLocked())
      )
      .returningAll()
      .execute() as Promise<ResultRow[]>
  }

  async #renew(ids: readonly string[]): Promise<void> {
    const { store, node } = this.#options
    await store.db
      .updateTable('results')
      .set({ takenUntil: sql<number>`${store.now} + ${sql.lit(LEASE_MS)}` })
      .where('callId', 'in', ids)
      .where('takenBy', '=', node)
      .execute()
  }

  async #analyse(row: ResultRow, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#options
    const whole = await readCall(store, row.callId)
    if (!whole) return
    // Words that could not be transcribed were said, and the agent's answers tell of them.
    const hasSpoken = whole.turns.some(
      ({ who, text, textState }) => who === 'caller' && (text || textState !== 'final')
    )
    if (!hasSpoken) return this.#finish(row, 'skipped', undefined)
    const analysis = await this.#analyst.analyse(whole, signal)
    if (signal.aborted && !analysis.result) return this.#giveBack(row)
    if (analysis.result) return this.#finish(row, 'completed', analysis)
    const { status, code } = analysis
    const waitMs = analysis.isFinal ? undefined : WAITS_MS[row.attempts]
    log.warn({ callSid: row.callId, status, code, isLast: waitMs === undefined }, 'a call could not be analysed')
    if (waitMs === undefined) return this.#finish(row, 'failed', analysis)
    await this.#putOff(row, analysis, waitMs)
  }

  async #giveBack({ callId }: ResultRow): Promise<void> {
    await this.#options.store.db.updateTable('results').set({ takenUntil: 0 }).where('callId', '=', callId).execute()
  }

  async #putOff(row: ResultRow, analysis: Analysis, waitMs: number): Promise<void> {
    const { now } = this.#options.store
    await this.#write(row, analysis, { takenUntil: 0, dueAt: sql<number>`${now} + ${sql.lit(waitMs)}` })
    this.#queue.wakeIn(waitMs)
  }

  async #finish(row: ResultRow, resultState: Finished, analysis: Analysis | undefined): Promise<void> {
    const { callId } = row
    const data = analysis?.result ? JSON.stringify(analysis.result) : null
    await this.#write(row, analysis, { dueAt: null, data }, async (transaction) => {
      await transaction.updateTable('calls').set({ resultState }).where('id', '=', callId).execute()
      if (!this.#options.tell) return
      const analyzed = newDelivery('call.analyzed', { callId })
      await transaction
        .insertInto('deliveries')
        .values(analyzed)
        .onConflict((oc) => oc.doNothing())
        .execute()
    })
    this.#options.tell?.()
  }

  /** Nothing is written of a call that was erased or finished by another process meanwhile. */
  async #write(
    row: ResultRow,
    analysis: Analysis | undefined,
    changes: object,
    andThen?: (transaction: Kysely<Tables>) => Promise<void>
  ): Promise<void> {
    const { store, node } = this.#options
    const { callId, attempts } = row
    await store.db.transaction().execute(async (transaction) => {
      await store.lockErasure(transaction, 'shared')
      const { numUpdatedRows } = await transaction
        .updateTable('results')
        .set({ ...changes, attempts: attempts + 1 })
        .where('callId', '=', callId)
        .where('takenBy', '=', node)
        .where('dueAt', 'is not', null)
        .executeTakeFirstOrThrow()
      if (numUpdatedRows !== 1n) return
      const usage = analysis?.usage && usageRow(callId, attempts, analysis.usage)
      if (usage) {
        await transaction
          .insertInto('usage')
          .values(usage)
          .onConflict((oc) => oc.doNothing())
          .execute()
      }
      await andThen?.(transaction)
    })
  }
}

/** Beside the usage of the call's streams. */
function usageRow(callId: string, attempts: number, usage: NonNullable<Analysis['usage']>): UsageRow {
  const none = { audioIn: 0, cachedAudio: 0, audioOut: 0, seconds: 0 }
  return { callId, stream: 'result', seq: attempts, ...none, ...usage }
}
