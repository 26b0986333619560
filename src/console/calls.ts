import { Readable } from 'node:stream'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { audit, eraseCall } from '../records/erase.ts'
import { callsPage, type Filters, MOST_A_PAGE, readCall } from '../records/read.ts'
import type { Store } from '../store/open.ts'
import { csvHeading, csvLine } from './csv.ts'
import { notFound } from './errors.ts'
import type { ApiOptions } from './options.ts'
import { CallFilters, CallPath, Calls, CallsQuery, Erased, NoQuery, WholeCall } from './schemas.ts'

/** The calls in the store: pages of them, one with everything that was kept of it, all as a table, and their erasure. */
export const calls: FastifyPluginAsyncZod<ApiOptions> = async (app, { store }) => {
  app.get(
    '/calls',
    {
      schema: { summary: 'A page of calls, newest first', querystring: CallsQuery, response: { 200: Calls } }
    },
    async ({ query: { limit, cursor, ...filters } }) => callsPage(store, { limit, cursor, filters })
  )

  app.get(
    '/calls/:callSid',
    {
      schema: {
        summary: 'A call with its turns, events, usage, result and deliveries',
        ...{ params: CallPath, querystring: NoQuery, response: { 200: WholeCall } }
      }
    },
    async ({ params: { callSid } }) => {
      const whole = await readCall(store, callSid)
      if (!whole) throw notFound('this call')
      return whole
    }
  )

  app.delete(
    '/calls/:callSid',
    {
      schema: {
        summary: 'Erases a call in every place, also one that goes on',
        ...{ params: CallPath, querystring: NoQuery, response: { 200: Erased } }
      }
    },
    async ({ params: { callSid }, ip }) => {
      const erased = await eraseCall(store, callSid, ip)
      const goesOn = app.calls.list().some(({ context }) => context.callSid === callSid)
      if (erased.calls + erased.items === 0 && !goesOn) throw notFound('this call')
      return erased
    }
  )

  app.get(
    '/calls.csv',
    { schema: { summary: 'The calls as a table, for a spreadsheet', querystring: CallFilters } },
    async ({ query, ip }, reply) =>
      reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="calls.csv"')
        .send(Readable.from(table(store, query, ip)))
  )
}

/** Page by page, as the reader takes them. The export is in the audit however far it came. */
async function* table(store: Store, filters: Filters, address: string): AsyncGenerator<string> {
  let count = 0
  let cursor: string | undefined
  try {
    yield csvHeading
    do {
      const { calls, next } = await callsPage(store, { limit: MOST_A_PAGE, cursor, filters })
      count += calls.length
      cursor = next ?? undefined
      yield calls.map(csvLine).join('')
    } while (cursor !== undefined)
  } finally {
    await audit(store, store.db, 'export', count, address)
  }
}
