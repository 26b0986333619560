import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { newCallsLimit } from '../plugins/limits.ts'
import { signedRequest } from '../plugins/twilio-only.ts'
import { publicOrigin, streamUrl } from '../twilio/signature.ts'
import type { StreamClaims } from '../twilio/stream-token.ts'
import { busyTwiml, streamTwiml } from '../twilio/twiml.ts'
import { readWebhook, type WebhookParams } from '../twilio/webhook.ts'

/** Twilio's voice webhook: connects the caller to the agent, or says that all lines are taken. */
export async function incomingCall(app: FastifyInstance, { config }: { config: Config }): Promise<void> {
  const isOneTooMany = newCallsLimit(app, config, (request) => callerOf(readWebhook(webhookParams(request), {})))

  app.route({
    method: ['GET', 'POST'],
    url: '/incoming-call',
    handler: async (request, reply) => {
      reply.type('text/xml')
      const claims = readWebhook(webhookParams(request), request.query as WebhookParams)
      try {
        // Asked again about the same call, as Twilio does when our answer was lost, nothing is counted twice.
        const isNew = claims !== undefined && !app.calls.isExpecting(claims.callSid)
        const isLimited = isNew && (await isOneTooMany(request))
        const declined = isLimited ? 'too many calls a minute from this number' : claims && app.calls.answer(claims)
        if (declined === undefined) return connect(app, config, request, claims, config.call.say)
        request.log.warn({ callSid: claims?.callSid, why: declined }, 'a caller was declined')
        return busyTwiml(config.call.fallbackNumber)
      } catch (error) {
        // Twilio is told to apologise, so no stream will come for the line.
        if (claims) app.calls.giveBack(claims.callSid)
        throw error
      }
    }
  })
}

/** TwiML that opens the caller's stream, with a fresh token. @param say spoken before it; none when empty */
export function connect(
  app: FastifyInstance,
  config: Config,
  request: FastifyRequest,
  claims: StreamClaims | undefined,
  say: string
): string {
  const origin = originOf(request, config)
  const parameters = claims ? app.calls.tokens.issue(claims) : {}
  return streamTwiml({ streamUrl: streamUrl(origin), actionUrl: `${origin}/call-ended`, parameters, say })
}

/** The person: the one who rang, or whom an outbound call rang up. */
function callerOf(claims: StreamClaims | undefined): string | undefined {
  return claims?.direction.startsWith('outbound') ? claims.to : claims?.from
}

/** The origin under which Twilio reached us. */
export function originOf(request: FastifyRequest, config: Config): string {
  return publicOrigin(signedRequest(request), config.server.publicUrl)
}

/** What Twilio sent, in the query of a GET or the form of a POST. */
export function webhookParams(request: FastifyRequest): WebhookParams {
  return { ...(request.query as WebhookParams), ...(request.body as WebhookParams | undefined) }
}
