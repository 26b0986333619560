import { sql } from 'kysely'
import type { AgentStore, Kept } from '../agent/store.ts'
import type { Store } from '../store/open.ts'

/** What the agent's tools keep, in the database. */
export function agentItems({ db, now, lockErasure }: Store): AgentStore {
  return {
    add: (kind, key, value, { callSid, caller }) =>
      db.transaction().execute(async (transaction) => {
        await lockErasure(transaction, 'shared')
        const isErased = transaction.selectFrom('erased').select('callId').where('callId', '=', callSid)
        // The agent says that it could not be done. Kept, it would be a trace of a call that was to leave none.
        if (await isErased.executeTakeFirst()) throw new Error('this call was erased: nothing of it is kept any more')
        const data = JSON.stringify(value)
        const { numInsertedOrUpdatedRows } = await transaction
          .insertInto('agentItems')
          .values({ kind, key, caller: caller ?? null, callId: callSid, at: now, data, doneAt: null })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirstOrThrow()
        return numInsertedOrUpdatedRows === 1n
      }),
    async list(kind, prefix) {
      const rows = await db
        .selectFrom('agentItems')
        .select(['key', 'callId', 'at', 'data'])
        .where('kind', '=', kind)
        .$if(prefix !== undefined, (query) =>
          // Not `like`, in which % and _ are more than themselves.
          query.where(sql<boolean>`substr(${sql.ref('key')}, 1, ${sql.lit(prefix?.length)}) = ${prefix}`)
        )
        .orderBy('at')
        .orderBy('key')
        .execute()
      return rows.map(
        ({ key, callId, at, data }): Kept => ({ key, value: JSON.parse(data), at, callSid: callId ?? '' })
      )
    },
    async erase(whose) {
      const [column, value] =
        'caller' in whose ? (['caller', whose.caller] as const) : (['callId', whose.callSid] as const)
      const { numDeletedRows } = await db.deleteFrom('agentItems').where(column, '=', value).executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    }
  }
}
