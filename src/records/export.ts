import type { Store } from '../store/open.ts'
import { callerNumber, isOf } from './caller-number.ts'
import { audit } from './erase.ts'
import { readCall, type WholeCall } from './read.ts'

/** Everything that is kept of a caller, as JSON. */
export interface Export {
  readonly number: string
  /** ISO 8601, UTC. */
  readonly exportedAt: string
  /** Oldest first. `recordingFile`: its name, where one is kept. */
  readonly calls: readonly (WholeCall & { readonly recordingFile: string | null })[]
  /** What the agent's tools have kept: messages, appointments. */
  readonly items: readonly { kind: string; key: string; at: string; data: unknown }[]
}

/**
 * Reads everything that is kept of a caller.
 * @param address who asked, for the audit
 * @throws BadRequest for anything that is no number in E.164
 */
export async function exportCaller(store: Store, number: string, address: string): Promise<Export> {
  const { db } = store
  const caller = callerNumber(number)
  const rows = await db
    .selectFrom('calls')
    .select('id')
    .where(isOf(caller))
    .orderBy('startedAt')
    .orderBy('id')
    .execute()
  const calls: Export['calls'][number][] = []
  for (const { id } of rows) {
    const whole = await readCall(store, id)
    // It was erased or has grown too old meanwhile.
    if (!whole) continue
    calls.push({ ...whole, recordingFile: whole.call.recording === 'kept' ? `${id}.wav` : null })
  }
  const ofCaller = db.selectFrom('calls').select('id').where(isOf(caller))
  const items = await db
    .selectFrom('agentItems')
    .select(['kind', 'key', 'at', 'data'])
    .where((eb) => eb.or([eb('caller', '=', caller), eb('callId', 'in', ofCaller)]))
    .orderBy('at')
    .execute()
  await audit(store, db, 'export', calls.length, address)
  return {
    number: caller,
    exportedAt: new Date().toISOString(),
    calls,
    items: items.map(({ at, data, ...item }) => ({ ...item, at: new Date(at).toISOString(), data: JSON.parse(data) }))
  }
}
