import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { sql } from 'kysely'
import type { Store } from '../store/open.ts'
import { OTHERS, stampCalls } from './feed.ts'

const HEARTBEAT_MS = 5_000
/** A process that has not said for this long that it runs is dead; its calls are closed within one more heartbeat. */
const LEASE_MS = 20_000
/** How long the row of a dead process is kept. */
const FORGOTTEN_MS = 86_400_000

/** This process among all that share the store. */
export class Node {
  readonly id = `${hostname().slice(0, 40)}-${randomBytes(3).toString('hex')}`
  readonly #store: Store
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()

  constructor(store: Store) {
    this.#store = store
  }

  /** Says that this process runs, now and every 5 s, and closes the calls of processes that do not. */
  async join(): Promise<void> {
    await this.#beat()
    this.#timer = setInterval(() => {
      // A store that cannot be reached is the writer's to report. When it is back, this process's calls are open again
      // with their next row.
      this.#beating = this.#beat().catch(() => {})
    }, HEARTBEAT_MS).unref()
  }

  async leave(): Promise<void> {
    clearInterval(this.#timer)
    await this.#beating
    await this.#store.db.deleteFrom('nodes').where('id', '=', this.id).execute()
  }

  async #beat(): Promise<void> {
    const { db, now } = this.#store
    await db
      .insertInto('nodes')
      .values({ id: this.id, seenAt: now, leaseUntil: sql<number>`${now} + ${sql.lit(LEASE_MS)}` })
      .onConflict((oc) =>
        oc.column('id').doUpdateSet((eb) => ({
          seenAt: eb.ref('excluded.seenAt'),
          leaseUntil: eb.ref('excluded.leaseUntil')
        }))
      )
      .execute()
    await closeLost(this.#store)
    const forgotten = sql<number>`${now} - ${sql.lit(FORGOTTEN_MS)}`
    await db.deleteFrom('nodes').where('seenAt', '<', forgotten).execute()
    await db
      .deleteFrom('writers')
      .where('at', '<', forgotten)
      .where('id', '!=', OTHERS)
      .where('id', 'not in', (eb) => eb.selectFrom('nodes').select('nodes.id'))
      .execute()
  }
}

/** Closes the calls whose process died: they ended when their process was last heard of. */
export async function closeLost({ db, now }: Store): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    const lost = await transaction
      .updateTable('calls')
      .set((eb) => ({
        endReason: 'lost' as const,
        fault: 'us' as const,
        endedAt: eb.fn.coalesce(
          eb
            .selectFrom('nodes')
            .select('nodes.seenAt')
            .whereRef('nodes.id', '=', 'calls.node')
            .whereRef('nodes.seenAt', '>', 'calls.updatedAt'),
          'calls.updatedAt'
        )
      }))
      .where('endedAt', 'is', null)
      .where('node', 'not in', (eb) => eb.selectFrom('nodes').select('nodes.id').where('nodes.leaseUntil', '>', now))
      .returning('id')
      .execute()
    if (lost.length === 0) return
    const ids = lost.map(({ id }) => id)
    await transaction
      .updateTable('turns')
      .set((eb) => ({
        textState: eb
          .case()
          .when('who', '=', 'caller')
          .then('never' as const)
          .else('final' as const)
          .end()
      }))
      .where('textState', '=', 'partial')
      .where('callId', 'in', ids)
      .execute()
    await stampCalls(transaction, ids, now)
    // What waits for a call's end: its events, and what is learned from it.
    await transaction
      .updateTable('deliveries')
      .set({ at: now, dueAt: now })
      .where('state', '=', 'held')
      .where('callId', 'in', ids)
      .execute()
    await transaction
      .updateTable('results')
      .set({ dueAt: now })
      .where('dueAt', 'is not', null)
      .where('callId', 'in', ids)
      .execute()
  })
}
