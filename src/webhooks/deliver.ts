import type { FastifyBaseLogger } from 'fastify'
import { type RawBuilder, sql } from 'kysely'
import type { WebhookType } from '../store/new-delivery.ts'
import type { Store } from '../store/open.ts'
import type { DeliveryRow } from '../store/tables.ts'
import { attempt, type Outcome, type Receiver } from './attempt.ts'
import { bodyOf } from './body.ts'
import { LEASE_MS, Queue } from './queue.ts'

/** These come after the end of their call, whose event goes first. */
const AFTER_THE_END: readonly WebhookType[] = ['call.recording_ready', 'call.analyzed']
/** Sent at a time, so that a slow receiver does not hold up others' calls, and is not flooded. */
const MOST_AT_A_TIME = 32
/** Each wait is longer or shorter by up to this share, so that what has failed together does not come back together. */
const JITTER = 0.2
/** A receiver may ask for a longer pause than the next wait, up to this. */
const LONGEST_PAUSE_MS = 86_400_000

export interface DeliverOptions extends Receiver {
  readonly store: Store
  readonly log: FastifyBaseLogger
  /** This process. */
  readonly node: string
  /** Waits between attempts, in ms: after the last one fails too, the event is dead. */
  readonly retryMs: readonly number[]
  /** The words of the call are in its events. */
  readonly hasWords: boolean
}

/** Sends what is in the outbox. Several processes may do so at once: each event is taken by one of them. */
export class Deliverer {
  readonly #options: DeliverOptions
  readonly #queue: Queue<DeliveryRow>
  /** The receiver has asked for a pause. On the clock of `performance.now()`. */
  #pausedUntil = 0
  /** The receiver has answered 410: it wants nothing any more. */
  #isDisabled = false
  #isFailing = false

  constructor(options: DeliverOptions) {
    this.#options = options
    this.#queue = new Queue({
      most: MOST_AT_A_TIME,
      take: (most) => this.#next(most),
      idOf: ({ id }) => id,
      run: (row, signal) => this.#send(row, signal),
      renew: (ids) => this.#renew(ids)
    })
  }

  start(): void {
    this.#queue.start()
  }

  /** Something may be due. */
  readonly wake = (): void => this.#queue.wake()

  /** Sends what is due for up to `ms` more. What is cut off then does not count as an attempt. */
  close(ms: number): Promise<void> {
    return this.#queue.close(ms)
  }

  /** Sends an event once more, whatever became of it. @returns false when there is no such event */
  async sendAgain(id: string): Promise<boolean> {
    const { db, now } = this.#options.store
    const { numUpdatedRows } = await db
      .updateTable('deliveries')
      .set({ state: 'pending', dueAt: now, attempts: 0 })
      .where('id', '=', id)
      .where('state', '!=', 'held')
      .executeTakeFirstOrThrow()
    await this.#bringForward(id)
    this.#isDisabled = false
    this.#pausedUntil = 0
    this.wake()
    return numUpdatedRows === 1n
  }

  async #next(most: number): Promise<DeliveryRow[]> {
    if (this.#isDisabled) await this.#disable()
    return this.#isDisabled || performance.now() < this.#pausedUntil ? [] : this.#take(most)
  }

  /** The one claiming statement of both engines. Of one call, an event waits for those before it. */
  #take(most: number): Promise<DeliveryRow[]> {
    const { store, node } = this.#options
    const { db, now, isPostgres } = store
    const afterTheEnd = sql.join(AFTER_THE_END)
    // What is held was made early, and goes after what was made until it is due.
    const isBlocked = sql<boolean>`exists (
      select 1 from deliveries as e where e."callId" = d."callId" and e.id != d.id and (
        (e.state = 'pending' and (e.id < d.id or (d.state = 'held' and e.type not in (${afterTheEnd}))))
        or (e.state = 'held' and e.id < d.id and d.type in (${afterTheEnd}))
      )
    )`
    return db
      .updateTable('deliveries')
      .set({ state: 'pending', takenBy: node, takenUntil: sql<number>`${now} + ${sql.lit(LEASE_MS)}` })
      .where('id', 'in', (eb) =>
        eb
          .selectFrom('deliveries as d')
          .select('d.id')
          .where('d.state', 'in', ['held', 'pending'])
          .where('d.dueAt', '<=', now)
          .where('d.takenUntil', '<=', now)
          .where((not) => not.not(isBlocked))
          .orderBy('d.dueAt')
          .limit(most)
          .$if(isPostgres, (query) => query.forUpdate().skipLocked())
      )
      .returningAll()
      .execute() as Promise<DeliveryRow[]>
  }

  async #renew(ids: readonly string[]): Promise<void> {
    const { store, node } = this.#options
    await store.db
      .updateTable('deliveries')
      .set({ takenUntil: sql<number>`${store.now} + ${sql.lit(LEASE_MS)}` })
      .where('id', 'in', ids)
      .where('takenBy', '=', node)
      .execute()
  }

  async #send(row: DeliveryRow, signal: AbortSignal): Promise<void> {
    const body = row.body ?? (await this.#freeze(row))
    if (body === undefined) return
    const outcome = await attempt(this.#options, { id: row.id, body }, signal)
    if (outcome.status === undefined && signal.aborted) return this.#giveBack(row)
    await this.#settle(row, outcome)
  }

  /** Makes the body that all attempts have. @returns undefined when there is nothing to send any more */
  async #freeze(row: DeliveryRow): Promise<string | undefined> {
    const { store, hasWords } = this.#options
    const body = await bodyOf(store, row, hasWords)
    const { db } = store
    if (body === undefined) {
      await db.deleteFrom('deliveries').where('id', '=', row.id).execute()
      return undefined
    }
    const { numUpdatedRows } = await db
      .updateTable('deliveries')
      .set({ body })
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow()
    // Its call was erased meanwhile.
    return numUpdatedRows === 1n ? body : undefined
  }

  async #settle(row: DeliveryRow, outcome: Outcome): Promise<void> {
    const { status } = outcome
    if (status !== undefined && status >= 200 && status < 300) return this.#delivered(row, status)
    this.#tellFailure(row, outcome)
    if (status === 410) this.#isDisabled = true
    const { db, now } = this.#options.store
    const waitMs = this.#waitMs(row.attempts, outcome)
    const isDead = waitMs === undefined
    const dueAt = sql<number>`${now} + ${sql.lit(waitMs ?? 0)}`
    if (!isDead) await this.#putOff(row, dueAt)
    await db
      .updateTable('deliveries')
      .set({
        ...{ state: status === 410 ? 'disabled' : isDead ? 'dead' : 'pending', status: status ?? null },
        ...{ attempts: row.attempts + 1, takenUntil: 0, dueAt }
      })
      .where('id', '=', row.id)
      .execute()
    if (waitMs !== undefined) this.#queue.wakeIn(waitMs)
    if (isDead && status !== 410)
      this.#options.log.error({ webhookId: row.id, type: row.type, status }, 'a webhook was given up')
  }

  /** What waits for an event of its call need not be looked at before that is due: thousands may wait so. */
  async #putOff({ callId, id }: DeliveryRow, dueAt: RawBuilder<number>): Promise<void> {
    if (callId === null) return
    await this.#options.store.db
      .updateTable('deliveries')
      .set({ takenUntil: dueAt })
      .where('callId', '=', callId)
      .where('id', '!=', id)
      .where('state', 'in', ['held', 'pending'])
      .execute()
  }

  /** The event is not waited for any longer than it takes. */
  async #bringForward(id: string): Promise<void> {
    const { db, now } = this.#options.store
    await db
      .updateTable('deliveries')
      .set({ takenUntil: 0 })
      .where('callId', '=', (eb) => eb.selectFrom('deliveries as sent').select('sent.callId').where('sent.id', '=', id))
      // Not what is being sent.
      .where('takenUntil', '>', sql<number>`${now} + ${sql.lit(LEASE_MS)}`)
      .execute()
  }

  async #delivered(row: DeliveryRow, status: number): Promise<void> {
    const { store, log } = this.#options
    if (this.#isFailing) log.info('webhooks are delivered again')
    this.#isFailing = false
    // Nothing is left of an erased call.
    if (row.type === 'call.erased') {
      await store.db.deleteFrom('deliveries').where('id', '=', row.id).execute()
      return
    }
    await store.db
      .updateTable('deliveries')
      .set({ state: 'delivered', status, attempts: row.attempts + 1, takenUntil: 0 })
      .where('id', '=', row.id)
      .execute()
  }

  /** Once until it works: a receiver that is away would fill the log. */
  #tellFailure({ id, type, attempts }: DeliveryRow, { status, error }: Outcome): void {
    const { log } = this.#options
    const fields = { webhookId: id, type, attempts: attempts + 1, status, code: error }
    if (status === 410) log.error(fields, 'the receiver of the webhooks answers 410: nothing more is sent to it')
    else if (this.#isFailing) log.debug(fields, 'a webhook was not delivered')
    else log.warn(fields, 'a webhook was not delivered')
    this.#isFailing = true
  }

  /** @param attempts those before this one @returns undefined when it was the last */
  #waitMs(attempts: number, { status, retryAfterMs }: Outcome): number | undefined {
    const pauseMs = Math.min(retryAfterMs ?? 0, LONGEST_PAUSE_MS)
    // "Too many requests" is about all of them, as is a service that is away for a time it knows.
    if (status === 429 || status === 503) this.#pausedUntil = performance.now() + pauseMs
    const base = this.#options.retryMs[attempts]
    if (base === undefined) return undefined
    return Math.round(Math.max(base * (1 + JITTER * (2 * Math.random() - 1)), pauseMs))
  }

  async #giveBack({ id }: DeliveryRow): Promise<void> {
    await this.#options.store.db.updateTable('deliveries').set({ takenUntil: 0 }).where('id', '=', id).execute()
  }

  /** What is due is not sent, and is shown as such. */
  async #disable(): Promise<void> {
    const { db, now } = this.#options.store
    await db
      .updateTable('deliveries')
      .set({ state: 'disabled', takenUntil: 0 })
      .where('state', 'in', ['held', 'pending'])
      .where('dueAt', '<=', now)
      .where('takenUntil', '<=', now)
      .execute()
  }
}
