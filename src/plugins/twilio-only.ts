import type { FastifyBaseLogger, FastifyRequest, preValidationHookHandler } from 'fastify'
import type { Config } from '../config.ts'
import { isLocal, isSignedUpgrade, isSignedWebhook, publicOrigin, type SignedRequest } from '../twilio/signature.ts'

/**
 * Lets nobody but Twilio through: every route of the scope that has this hook, and the WebSocket upgrade. Without an
 * auth token nothing can be verified, so only this machine is served.
 */
export function requireTwilio(config: Config): preValidationHookHandler {
  return async (request, reply) => {
    const allowed = isAllowed(request, config)
    if (!allowed) return reply.code(403).send()
  }
}

/** The parts of a request that its origin and its signature depend on. */
export function signedRequest(request: FastifyRequest): SignedRequest {
  return { headers: request.headers, url: request.raw.url ?? '', remoteAddress: request.socket.remoteAddress }
}

function isAllowed(request: FastifyRequest, config: Config): boolean {
  const signed = signedRequest(request)
  const { authToken } = config.twilio
  if (authToken === undefined) return isLocal(signed) || refuseRemote(request.log)
  const origin = publicOrigin(signed, config.server.publicUrl)
  const isTwilio = request.ws
    ? isSignedUpgrade(signed, origin, authToken)
    : isSignedWebhook(signed, origin, authToken, formOf(request))
  return isTwilio || refuseUnsigned(request, origin)
}

/** A POST is signed with its form's fields, a GET with its URL alone. */
function formOf(request: FastifyRequest): Record<string, unknown> {
  return (request.body ?? {}) as Record<string, unknown>
}

function refuseRemote(log: FastifyBaseLogger): false {
  log.warn('refused a request from outside: set TWILIO_AUTH_TOKEN to serve more than this machine')
  return false
}

function refuseUnsigned(request: FastifyRequest, origin: string): false {
  const { pathname } = new URL(request.url, origin)
  const checkedUrl = request.ws ? `${origin.replace(/^https?/, 'wss')}${pathname}` : `${origin}${pathname}`
  const hasSignature = request.headers['x-twilio-signature'] !== undefined
  request.log.warn(
    { checkedUrl, hasSignature },
    'refused a request whose Twilio signature is not valid for this URL: check PUBLIC_URL and TWILIO_AUTH_TOKEN'
  )
  return false
}
