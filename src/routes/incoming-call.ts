import type { FastifyInstance, FastifyRequest } from 'fastify'
import { callerHash, callerOf } from '../call/caller-hash.ts'
import type { Config } from '../config.ts'
import { newCallsLimit } from '../plugins/limits.ts'
import { signedRequest } from '../plugins/twilio-only.ts'
import { isProbe, PROBE_FIELD, PROCESS_PARAMETER, thisProcess } from '../twilio/probe.ts'
import { publicOrigin, streamUrl } from '../twilio/signature.ts'
import type { StreamClaims } from '../twilio/stream-token.ts'
import { busyTwiml, streamTwiml } from '../twilio/twiml.ts'
import { readWebhook, type WebhookParams } from '../twilio/webhook.ts'

export interface WebhookOptions {
  readonly config: Config
  /** What requests are signed with. */
  readonly authToken: string
}

/** Twilio's voice webhook: connects the caller to the agent, or declines the call when all lines are taken. */
export async function incomingCall(app: FastifyInstance, { config, authToken }: WebhookOptions): Promise<void> {
  const isOneTooMany = newCallsLimit(app, config, (request) => {
    const claims = readWebhook(webhookParams(request), {})
    return claims && callerOf(claims)
  })

  app.route({
    method: ['GET', 'POST'],
    url: '/incoming-call',
    handler: async (request, reply) => {
      reply.type('text/xml')
      if (isProbe(fieldOf(request, PROBE_FIELD), authToken)) return probeTwiml(originOf(request, config))
      const claims = readWebhook(webhookParams(request), request.query as WebhookParams)
      try {
        // Twilio repeats a webhook when the answer was lost. The repeated one is not counted.
        const isNew = claims !== undefined && !app.calls.isExpecting(claims.callSid)
        const isLimited = isNew && (await isOneTooMany(request))
        const declined = claims && app.calls.answer(claims, isLimited)
        if (declined === undefined) return connect(app, config, request, claims, config.call.say)
        const hash = claims && callerHash(claims, config.twilio.authToken)
        request.log.warn({ callSid: claims?.callSid, callerHash: hash, why: declined }, 'a caller was declined')
        return busyTwiml(config.call.fallbackNumber)
      } catch (error) {
        // The answer will be an apology, so no stream will come for the line.
        if (claims) app.calls.giveBack(claims.callSid)
        throw error
      }
    }
  })
}

/**
 * The TwiML that opens the caller's stream, with a new token.
 * @param say spoken before the stream opens; nothing when empty
 */
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

/** The doctor's answer: where the stream would go, and which process says so. It takes no line and opens no model. */
function probeTwiml(origin: string): string {
  const parameters = { [PROCESS_PARAMETER]: thisProcess }
  return streamTwiml({ streamUrl: streamUrl(origin), actionUrl: `${origin}/call-ended`, parameters, say: '' })
}

function fieldOf({ body }: FastifyRequest, name: string): unknown {
  return (body as WebhookParams | undefined)?.[name]
}

/** The origin under which Twilio reached us. */
export function originOf(request: FastifyRequest, config: Config): string {
  return publicOrigin(signedRequest(request), config.server.publicUrl)
}

/** The parameters that Twilio sent, in the query of a GET or the form of a POST. */
export function webhookParams(request: FastifyRequest): WebhookParams {
  return { ...(request.query as WebhookParams), ...(request.body as WebhookParams | undefined) }
}
