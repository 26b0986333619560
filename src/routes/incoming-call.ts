import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { signedRequest } from '../plugins/twilio-only.ts'
import { publicOrigin, streamUrl } from '../twilio/signature.ts'
import { busyTwiml, streamTwiml } from '../twilio/twiml.ts'
import { readWebhook, type WebhookParams } from '../twilio/webhook.ts'

/** Twilio's voice webhook: connects the caller to the agent, or says that all lines are taken. */
export async function incomingCall(app: FastifyInstance, { config }: { config: Config }): Promise<void> {
  app.route({
    method: ['GET', 'POST'],
    url: '/incoming-call',
    handler: async (request, reply) => {
      reply.type('text/xml')
      const query = request.query as WebhookParams
      const claims = readWebhook({ ...query, ...(request.body as WebhookParams | undefined) }, query)
      const declined = claims && app.calls.answer(claims)
      if (declined !== undefined) {
        request.log.warn({ callSid: claims?.callSid, why: declined }, 'a caller was declined')
        return busyTwiml(config.call.fallbackNumber)
      }
      const origin = publicOrigin(signedRequest(request), config.server.publicUrl)
      return streamTwiml({
        streamUrl: streamUrl(origin),
        actionUrl: `${origin}/call-ended`,
        parameters: claims ? app.calls.tokens.issue(claims) : {},
        say: config.call.say
      })
    }
  })
}

/** The parameters Twilio sent, in the query of a GET or the form of a POST. */
export function webhookParams(request: FastifyRequest): WebhookParams {
  return { ...(request.query as WebhookParams), ...(request.body as WebhookParams | undefined) }
}
