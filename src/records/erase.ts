import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Store } from '../store/open.ts'
import type { AuditRow, Tables } from '../store/tables.ts'
import { callerNumber, isOf } from './caller-number.ts'
import { COPIES, IDS_A_STATEMENT, portions, type Whose } from './copies.ts'

/** What was erased, or with `dryRun` would be. */
export interface Erased {
  readonly calls: number
  /** What the agent's tools had kept: messages, appointments. */
  readonly items: number
}

export interface EraseOptions {
  /** Only counts. */
  readonly dryRun?: boolean
}

/**
 * Erases a call, also one that goes on: nothing more of it is stored. A call that is not stored is erased too, because its
 * rows may be on their way.
 * @param id the call's id or its callSid
 * @param address who asked, for the audit
 */
export async function eraseCall(store: Store, id: string, address: string, options?: EraseOptions): Promise<Erased> {
  return erase(store, address, options, async (db) => {
    const rows = await db
      .selectFrom('calls')
      .select('id')
      .where((eb) => eb.or([eb('id', '=', id), eb('callSid', '=', id)]))
      .execute()
    return {
      known: rows.map((row) => row.id),
      whose: { callIds: [...rows.map((row) => row.id), id], caller: undefined }
    }
  })
}

/**
 * Erases a caller: the calls from and to this number, and what the agent kept of them.
 * @throws BadRequest for anything that is no number in E.164
 */
export async function eraseCaller(
  store: Store,
  number: string,
  address: string,
  options?: EraseOptions
): Promise<Erased> {
  const caller = callerNumber(number)
  return erase(store, address, options, async (db) => {
    const rows = await db.selectFrom('calls').select('id').where(isOf(caller)).execute()
    const callIds = rows.map((row) => row.id)
    return { known: callIds, whose: { callIds, caller } }
  })
}

async function erase(
  store: Store,
  address: string,
  { dryRun = false }: EraseOptions = {},
  find: (db: Kysely<Tables>) => Promise<{ known: readonly string[]; whose: Whose }>
): Promise<Erased> {
  if (dryRun) {
    const { known, whose } = await find(store.db)
    return { calls: known.length, items: await countItems(store.db, whose) }
  }
  const { erased, whose } = await store.db.transaction().execute(async (transaction) => {
    // Whoever writes a row now has finished before it is looked for, or finds the call's mark.
    await store.lockErasure(transaction, 'alone')
    const { known, whose } = await find(transaction)
    await mark(store, transaction, whose.callIds)
    const erased = { calls: known.length, items: await countItems(transaction, whose) }
    await audit(store, transaction, 'erase', erased.calls, address)
    // Before the commit: whoever is told that it failed can find the calls again.
    await deleteFiles(store, whose)
    for (const { rows } of Object.values(COPIES)) await rows?.(transaction, whose)
    return { erased, whose }
  })
  // What a call that goes on has written meanwhile.
  await deleteFiles(store, whose)
  await store.scrub()
  for (const { elsewhere } of Object.values(COPIES)) await elsewhere?.(store, whose)
  return erased
}

/** What is on its way to the store, from any server, is dropped there. */
async function mark({ now }: Store, transaction: Kysely<Tables>, callIds: readonly string[]): Promise<void> {
  for (const ids of portions([...new Set(callIds)], IDS_A_STATEMENT)) {
    await transaction
      .insertInto('erased')
      .values(ids.map((callId) => ({ callId, erasedAt: now })))
      .onConflict((oc) => oc.column('callId').doUpdateSet({ erasedAt: now }))
      .execute()
  }
}

async function deleteFiles(store: Store, whose: Whose): Promise<void> {
  for (const { files } of Object.values(COPIES)) await files?.(store, whose)
}

async function countItems(db: Kysely<Tables>, { callIds, caller }: Whose): Promise<number> {
  const keys = new Set<string>()
  const count = (rows: readonly { kind: string; key: string }[]) => {
    for (const { kind, key } of rows) keys.add(`${kind} ${key}`)
  }
  const items = db.selectFrom('agentItems').select(['kind', 'key'])
  for (const ids of portions(callIds, IDS_A_STATEMENT)) count(await items.where('callId', 'in', ids).execute())
  if (caller !== undefined) count(await items.where('caller', '=', caller).execute())
  return keys.size
}

/** That something was done with records: when, with how many calls, from where, and nothing else. */
export async function audit(
  { now }: Pick<Store, 'now'>,
  db: Kysely<Tables>,
  action: AuditRow['action'],
  calls: number,
  address: string
): Promise<void> {
  await db.insertInto('audit').values({ id: randomUUID(), at: now, action, calls, address }).execute()
}
