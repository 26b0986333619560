import type { FastifyInstance } from 'fastify'
import type { Config } from '../config.ts'
import { apologyTwiml, hangUpTwiml } from '../twilio/twiml.ts'
import { readWebhook } from '../twilio/webhook.ts'
import { webhookParams } from './incoming-call.ts'

/** Asked by Twilio when the stream has closed: what the caller's line does next. */
export async function callEnded(app: FastifyInstance, { config }: { config: Config }): Promise<void> {
  app.route({
    method: ['GET', 'POST'],
    url: '/call-ended',
    handler: async (request, reply) => {
      reply.type('text/xml')
      const claims = readWebhook(webhookParams(request), {})
      const next = claims === undefined ? 'hang up' : app.calls.afterwards(claims.callSid)
      return next === 'apologise' ? apologyTwiml(config.call.fallbackNumber) : hangUpTwiml()
    }
  })
}
