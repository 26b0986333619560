import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { eraseCaller } from '../records/erase.ts'
import { exportCaller } from '../records/export.ts'
import { notFound } from './errors.ts'
import type { ApiOptions } from './options.ts'
import { CallerPath, Erased, Export, NoQuery } from './schemas.ts'

/** What is kept of a caller, by their number: all of it, to be handed over or erased. */
export const callers: FastifyPluginAsyncZod<ApiOptions> = async (app, { store }) => {
  app.get(
    '/callers/:number',
    {
      schema: {
        summary: 'Everything that is kept of a caller',
        ...{ params: CallerPath, querystring: NoQuery, response: { 200: Export } }
      }
    },
    async ({ params: { number }, ip }) => {
      const kept = await exportCaller(store, number, ip)
      if (kept.calls.length + kept.items.length === 0) throw notFound('this caller')
      return kept
    }
  )

  app.delete(
    '/callers/:number',
    {
      schema: {
        summary: 'Erases a caller: their calls, and what the agent has kept of them',
        ...{ params: CallerPath, querystring: NoQuery, response: { 200: Erased } }
      }
    },
    async ({ params: { number }, ip }) => eraseCaller(store, number, ip)
  )
}
