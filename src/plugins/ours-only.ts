import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest, onSendHookHandler, preValidationHookHandler } from 'fastify'
import type { Config } from '../config.ts'
import { publicOrigin } from '../twilio/signature.ts'
import type { ConsoleKey } from './console-key.ts'
import { signedRequest } from './twilio-only.ts'

/** The answer to a wrong token waits this long, in ms: with the limit on refusals, nobody guesses one. */
const WRONG_TOKEN_MS = 500
/** Requests that change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
/** A page that loads itself anew: the cookie is not sent when a link of another site was followed, but is sent then. */
const ONCE_MORE = '<!doctype html><meta http-equiv="refresh" content="0"><title>Console</title>'

/**
 * Lets nobody through who does not have CONSOLE_TOKEN: as `Authorization: Bearer`, or as a session's cookie from a page
 * of this server's own. It is for every route of the scope that has this hook, WebSocket upgrades included.
 * @fastify/cookie has to be registered above it.
 */
export function requireOurs(config: Config, key: ConsoleKey): preValidationHookHandler {
  return async (request, reply) => {
    const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
    if (bearer !== undefined) return key.isToken(bearer) ? undefined : refuseToken(reply)
    if (!hasSession(request, key)) return isForPage(request) ? toLogin(request, reply) : reply.refuse(401)
    if (!isOwnPage(request, config)) return reply.refuse(403, { message: 'refused a request of another site’s page' })
  }
}

/** Counted and slowed: a wrong token is a mistake once, and a guess many times. @param body what a person reads */
export async function refuseToken(reply: FastifyReply, body?: string): Promise<FastifyReply> {
  await delay(WRONG_TOKEN_MS)
  return reply.refuse(401, { message: 'refused a wrong console token', body })
}

/**
 * Whether the request comes from a page of this server. Browsers say so themselves (`Sec-Fetch-Site`) on https and on
 * this machine, and send `Origin` with what can change something. Another port of the same host is another site here,
 * although its requests bring the cookie.
 */
export function isOwnPage(request: FastifyRequest, config: Config): boolean {
  const { origin, host, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
  const isSafe = SAFE_METHODS.has(request.method) && !request.ws
  // A link to here, followed anywhere: what it opens, the page with the link cannot read.
  if (isSafe && mode === 'navigate') return true
  if (site !== undefined) return site === 'same-origin' || (site === 'none' && isSafe)
  if (origin === undefined) return isSafe
  const own = [host, new URL(publicOrigin(signedRequest(request), config.server.publicUrl)).host]
  return URL.canParse(origin) && own.includes(new URL(origin).host)
}

/** Every answer with an error and no body gets the API's one shape, whoever refused. */
export const explainError: onSendHookHandler = async (_request, reply, payload) => {
  if (reply.statusCode < 400 || payload) return payload
  const [code, message] = REFUSALS[reply.statusCode] ?? ['failed', 'the request failed; the log says why']
  reply.type('application/json; charset=utf-8')
  return JSON.stringify({ error: { code, message } })
}

const REFUSALS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  401: ['unauthorized', 'expected Authorization: Bearer with CONSOLE_TOKEN, or the cookie of /console/login'],
  403: ['forbidden', 'expected a request of this server’s own page'],
  404: ['not_found', 'there is nothing here'],
  413: ['too_large', 'expected a smaller body'],
  415: ['unsupported_media_type', 'expected application/json'],
  429: ['too_many_refusals', 'this address was refused too often; it may try again in a minute']
}

function hasSession(request: FastifyRequest, key: ConsoleKey): boolean {
  const session = request.cookies[key.cookie]
  return session !== undefined && key.isSession(session)
}

/** A person who opened a page, and not its script or a program. */
function isForPage({ method, ws, headers, routeOptions }: FastifyRequest): boolean {
  const isPage = routeOptions.url?.startsWith('/console') === true
  return isPage && method === 'GET' && !ws && headers['sec-fetch-dest'] !== 'empty'
}

function toLogin(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const site = request.headers['sec-fetch-site']
  if (site === 'cross-site') return reply.type('text/html; charset=utf-8').send(ONCE_MORE)
  const to = new URLSearchParams({ to: request.url })
  return reply.redirect(`/console/login?${to}`, 303)
}
