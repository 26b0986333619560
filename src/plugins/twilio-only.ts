import type { FastifyRequest, preValidationHookHandler } from 'fastify'
import type { Config } from '../config.ts'
import {
  isLocal,
  isSignedUpgrade,
  isSignedWebhook,
  publicOrigin,
  type SignedRequest,
  streamUrl
} from '../twilio/signature.ts'
import type { Refusal } from './limits.ts'

/**
 * Refuses requests that Twilio did not sign, on every route with this hook and on the WebSocket upgrade. Without an
 * auth token nothing can be verified, so only this machine is served.
 */
export function requireTwilio(config: Config): preValidationHookHandler {
  return async (request, reply) => {
    const refusal = refusalOf(request, config)
    if (refusal) return reply.refuse(403, refusal)
  }
}

/** The parts of a request from which its origin and signature are computed. */
export function signedRequest(request: FastifyRequest): SignedRequest {
  return { headers: request.headers, url: request.raw.url ?? '', remoteAddress: request.socket.remoteAddress }
}

function refusalOf(request: FastifyRequest, config: Config): Refusal | undefined {
  const signed = signedRequest(request)
  const { authToken } = config.twilio
  if (authToken === undefined) return isLocal(signed) ? undefined : NOT_LOCAL
  const origin = publicOrigin(signed, config.server.publicUrl)
  const isTwilio = request.ws
    ? isSignedUpgrade(signed, origin, authToken)
    : isSignedWebhook(signed, origin, authToken, formOf(request))
  return isTwilio ? undefined : notSigned(request, origin)
}

/** The fields of a form: Twilio signs a POST with them, and a GET with its URL alone. */
function formOf(request: FastifyRequest): Record<string, unknown> {
  return (request.body ?? {}) as Record<string, unknown>
}

const NOT_LOCAL: Refusal = {
  message: 'refused a request from outside: set TWILIO_AUTH_TOKEN to serve more than this machine'
}

/**
 * The log names the checked URL, so that an operator can see what is wrong. The path is the route's own, because a
 * stranger controls the request's.
 */
function notSigned({ ws, headers, routeOptions }: FastifyRequest, origin: string): Refusal {
  return {
    message:
      'refused a request whose Twilio signature is not valid for this URL: check PUBLIC_URL and TWILIO_AUTH_TOKEN',
    fields: {
      checkedUrl: ws ? streamUrl(origin) : `${origin}${routeOptions.url}`,
      hasSignature: headers['x-twilio-signature'] !== undefined
    }
  }
}
