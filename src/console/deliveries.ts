import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { ApiError, notFound } from './errors.ts'
import type { ApiOptions } from './options.ts'
import { DeliveryPath, Done, NoQuery } from './schemas.ts'

/** What WEBHOOK_URL is told. */
export const deliveries: FastifyPluginAsyncZod<ApiOptions> = async (app) => {
  app.post(
    '/deliveries/:webhookId/send',
    {
      schema: {
        summary: 'Sends a webhook once more, whatever became of it',
        ...{ params: DeliveryPath, querystring: NoQuery, response: { 200: Done } }
      }
    },
    async ({ params: { webhookId } }) => {
      if (!app.webhooks?.sends) throw new ApiError(409, 'no_receiver', 'WEBHOOK_URL is not set')
      if (!(await app.webhooks.sendAgain(webhookId))) throw notFound('this webhook')
      return { done: true as const }
    }
  )
}
