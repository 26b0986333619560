import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { stats } from '../records/stats.ts'
import type { ApiOptions } from './options.ts'
import { Stats, StatsQuery } from './schemas.ts'

/** What the last days were like: calls, response delay, faults and cost by agent, and the slowest answers. */
export const numbers: FastifyPluginAsyncZod<ApiOptions> = async (app, { store }) => {
  app.get(
    '/stats',
    { schema: { summary: 'Figures of the last days', querystring: StatsQuery, response: { 200: Stats } } },
    async ({ query: { days } }) => stats(store, days, Date.now())
  )
}
