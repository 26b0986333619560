import type { Store } from '../store/open.ts'

/** A webhook event on its way. Nobody needs to know that one is held back until its call has ended. */
export interface Delivery {
  readonly webhookId: string
  readonly type: string
  readonly attempts: number
  /** Of the last attempt; null before one was answered. */
  readonly status: number | null
  readonly state: 'pending' | 'delivered' | 'dead' | 'disabled'
  readonly at: string
}

/** What was learned from a call after it, each field as `{ value, turns }`; null when nothing was, or not yet. */
export async function resultOf({ db }: Pick<Store, 'db'>, callId: string): Promise<Record<string, unknown> | null> {
  const row = await db.selectFrom('results').select('data').where('callId', '=', callId).executeTakeFirst()
  return row?.data ? (JSON.parse(row.data) as Record<string, unknown>) : null
}

/** What WEBHOOK_URL was told of a call, in the order in which it happened. */
export async function deliveriesOf({ db }: Pick<Store, 'db'>, callId: string): Promise<Delivery[]> {
  const rows = await db
    .selectFrom('deliveries')
    .select(['id', 'type', 'attempts', 'status', 'state', 'at'])
    .where('callId', '=', callId)
    .where('state', '!=', 'held')
    .orderBy('at')
    .orderBy('id')
    .execute()
  return rows.map(({ id, state, at, ...row }) => ({
    ...{ webhookId: id, ...row, at: new Date(at).toISOString() },
    state: state === 'held' ? 'pending' : state
  }))
}
