import { type Selectable, sql } from 'kysely'
import type { Store } from '../store/open.ts'
import type { AgentItemRow } from '../store/tables.ts'
import { BadRequest } from './caller-number.ts'
import { audit } from './erase.ts'

/** What the agent's tools have kept, as a person reads it: a message, an appointment. */
export type Item = ReturnType<typeof itemOf>

export interface ItemsOptions {
  readonly kind: string | undefined
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor: string | undefined
}

/** A page of items, newest first. @throws BadRequest for a cursor that no page has given */
export async function itemsPage({ db }: Store, { kind, limit, cursor }: ItemsOptions) {
  const after = cursor === undefined ? undefined : readCursor(cursor)
  const rows = await db
    .selectFrom('agentItems')
    .selectAll()
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind ?? ''))
    .$if(after !== undefined, (query) =>
      query.where((eb) => eb(eb.refTuple('at', 'kind', 'key'), '<', eb.tuple(...(after ?? [0, '', '']))))
    )
    .orderBy('at', 'desc')
    .orderBy('kind', 'desc')
    .orderBy('key', 'desc')
    .limit(limit + 1)
    .execute()
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { items: page.map(itemOf), next: rows.length > limit && last ? cursorOf(last) : null }
}

/** @returns the item after it; undefined for one that is not in the store */
export async function markItem({ db, now }: Store, kind: string, key: string, done: boolean) {
  const [row] = await db
    .updateTable('agentItems')
    .set({ doneAt: done ? sql<number>`coalesce(${sql.ref('doneAt')}, ${now})` : null })
    .where('kind', '=', kind)
    .where('key', '=', key)
    .returningAll()
    .execute()
  return row && itemOf(row)
}

/** @param address who asked, for the audit @returns false for an item that is not in the store */
export async function eraseItem(store: Store, kind: string, key: string, address: string): Promise<boolean> {
  const { numDeletedRows } = await store.db
    .deleteFrom('agentItems')
    .where('kind', '=', kind)
    .where('key', '=', key)
    .executeTakeFirstOrThrow()
  if (numDeletedRows === 0n) return false
  await audit(store, store.db, 'erase', 0, address)
  await store.scrub()
  return true
}

function itemOf({ kind, key, caller, callId, at, doneAt, data }: Selectable<AgentItemRow>) {
  const doneIso = doneAt === null ? null : new Date(doneAt).toISOString()
  return {
    kind,
    key,
    caller,
    callId,
    at: new Date(at).toISOString(),
    doneAt: doneIso,
    data: JSON.parse(data) as unknown
  }
}

function cursorOf({ at, kind, key }: Selectable<AgentItemRow>): string {
  return Buffer.from(JSON.stringify([at, kind, key])).toString('base64url')
}

function readCursor(cursor: string): readonly [number, string, string] {
  const text = Buffer.from(cursor, 'base64url').toString()
  const [at, kind, key] = /^\[\d{1,15},"/.test(text) ? (parse(text) ?? []) : []
  if (typeof at === 'number' && typeof kind === 'string' && typeof key === 'string') return [at, kind, key]
  throw new BadRequest('the cursor is none that a page has given')
}

function parse(text: string): unknown[] | undefined {
  try {
    return JSON.parse(text) as unknown[]
  } catch {
    return undefined
  }
}
