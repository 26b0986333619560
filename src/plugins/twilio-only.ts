import type { FastifyRequest, preValidationHookHandler } from 'fastify'
import type { Config } from '../config.ts'
import { isSignedUpgrade, isSignedWebhook, publicOrigin, type SignedRequest, streamUrl } from '../twilio/signature.ts'
import type { Refusal } from './limits.ts'

/**
 * Lets nobody through who has not signed with the auth token: on every route of the scope that has this hook, and at the
 * WebSocket upgrade. There is no exception for this machine: behind a plain proxy every stranger looks local.
 */
export function requireTwilio(config: Config, authToken: string): preValidationHookHandler {
  const message = config.twilio.authToken === undefined ? NOT_OF_THIS_MACHINE : NOT_SIGNED
  return async (request, reply) => {
    const signed = signedRequest(request)
    const origin = publicOrigin(signed, config.server.publicUrl)
    const isSigned = request.ws
      ? isSignedUpgrade(signed, origin, authToken)
      : isSignedWebhook(signed, origin, authToken, formOf(request))
    if (!isSigned) return reply.refuse(403, refusalOf(request, origin, message))
  }
}

/** The parts of a request from which its origin and signature are computed. */
export function signedRequest(request: FastifyRequest): SignedRequest {
  return { headers: request.headers, url: request.raw.url ?? '' }
}

/** The fields of a form: Twilio signs a POST with them, and a GET with its URL alone. */
function formOf(request: FastifyRequest): Record<string, unknown> {
  return (request.body ?? {}) as Record<string, unknown>
}

const NOT_SIGNED =
  'refused a request whose Twilio signature is not valid for this URL: check PUBLIC_URL and TWILIO_AUTH_TOKEN'
const NOT_OF_THIS_MACHINE =
  'refused a request that no tool of this machine has signed: set TWILIO_AUTH_TOKEN to let Twilio in'

/** The URL tells an operator what is wrong. It is the route's own: what the request says of itself is anybody's. */
function refusalOf({ ws, headers, routeOptions }: FastifyRequest, origin: string, message: string): Refusal {
  return {
    message,
    fields: {
      checkedUrl: ws ? streamUrl(origin) : `${origin}${routeOptions.url}`,
      hasSignature: headers['x-twilio-signature'] !== undefined
    }
  }
}
