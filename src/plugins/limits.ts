import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import type { Config } from '../config.ts'

/** Twilio's webhooks have 2 kB of parameters. */
const MAX_BODY_BYTES = 64 * 1024
/** A `media` frame is 400 bytes; nothing that Twilio sends comes near this. */
const MAX_FRAME_BYTES = 64 * 1024
/** Headers come in one packet; whoever drips them holds a socket for nothing. */
const HEADERS_TIMEOUT_MS = 5_000
/** Headers and body. Twilio itself gives a webhook 15 s, the answer included. */
const REQUEST_TIMEOUT_MS = 10_000
/** Node looks for late requests this often; at its own 30 s the two limits above would be four times as long. */
const LOOK_FOR_LATE_MS = 1_000
/** A socket on which nothing moves because nobody reads the answer. Streams are free of it (ws, `setSocket`). */
const STALLED_SOCKET_MS = 10_000
/** Then the peer dials anew, which a proxy does without being noticed. */
const MAX_REQUESTS_PER_SOCKET = 1_000
/** For webhooks, probes and strangers, beside two sockets a call: its stream, and the one that takes its place. */
const OTHER_CONNECTIONS = 256
/** What one address may be refused in a minute (403, 404, 4xx) before it is told 429 and the log is silent about it. */
const MAX_REFUSALS_PER_MINUTE = 60
const MINUTE_MS = 60_000

/** What Node and Fastify bound by themselves. */
export const serverLimits = {
  bodyLimit: MAX_BODY_BYTES,
  connectionTimeout: STALLED_SOCKET_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  maxRequestsPerSocket: MAX_REQUESTS_PER_SOCKET,
  http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: LOOK_FOR_LATE_MS },
  frameworkErrors: refuseBadUrl
}

/** What ws bounds by itself. Compression would cost more than the audio, and a bomb fits into a small frame. */
export const streamLimits = {
  options: { maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false },
  errorHandler: endBrokenStream
}

/** What the log says of a refusal. */
export interface Refusal {
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}

declare module 'fastify' {
  interface FastifyReply {
    /** Answers a stranger with nothing but the status, or with 429, and without a line, when that was said too often. */
    refuse(status: number, why?: Refusal): Promise<FastifyReply>
  }
}

/** What strangers may cost. Twilio's own requests come from a few addresses and are never counted by address. */
export const limits = fp(
  async (app: FastifyInstance, { config }: { config: Config }) => {
    await app.register(rateLimit, { global: false })
    boundConnections(app, 2 * config.call.maxCalls + OTHER_CONNECTIONS)
    refuseStrayUpgrades(app)

    const count = app.createRateLimit({
      max: MAX_REFUSALS_PER_MINUTE,
      timeWindow: MINUTE_MS,
      // Who left in the middle of a request has no address any more.
      keyGenerator: ({ ip }) => normalizeIP(ip ?? 'gone')
    })
    app.decorateReply('refuse', async function (this: FastifyReply, status: number, why?: Refusal) {
      const refusals = await count(this.request)
      if (!refusals.isAllowed && refusals.isExceeded) {
        return this.code(429).header('retry-after', refusals.ttlInSeconds).send()
      }
      const { log, ip: address } = this.request
      if (why) log.warn(why.fields, why.message)
      if (!refusals.isAllowed && refusals.remaining === 0) {
        log.warn({ limit: 'refusals a minute', address }, 'an address was refused too often and gets 429 for now')
      }
      return this.code(status).send()
    })

    // An attacker could search for URLs if what is not there could be asked for without end.
    app.setNotFoundHandler((_request, reply) => reply.refuse(404))
    app.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
      if (error.statusCode !== undefined && error.statusCode < 500) return reply.refuse(error.statusCode)
      request.log.error({ err: error }, 'a request failed')
      // What went wrong is the log's alone.
      return reply.code(500).send()
    })
  },
  { name: 'limits', dependencies: ['@fastify/websocket'] }
)

/**
 * New calls a minute from one verified number; callers who withhold theirs count as one.
 * @param callerOf the person at the other end, as Twilio signed it
 * @returns counts this request's call, and says whether it is one too many
 */
export function newCallsLimit(
  app: FastifyInstance,
  config: Config,
  callerOf: (request: FastifyRequest) => string | undefined
): (request: FastifyRequest) => Promise<boolean> {
  const count = app.createRateLimit({
    max: config.call.maxCallsPerCaller,
    timeWindow: MINUTE_MS,
    keyGenerator: (request) => callerOf(request) ?? 'withheld'
  })
  return async (request) => {
    const calls = await count(request)
    return !calls.isAllowed && calls.isExceeded
  }
}

/** Beyond the limit Node closes what it accepts; the log says so once a minute, since a flood of lines is one too. */
function boundConnections(app: FastifyInstance, maxConnections: number): void {
  let saidAt = Number.NEGATIVE_INFINITY
  app.server.maxConnections = maxConnections
  app.server.on('drop', () => {
    if (performance.now() - saidAt < MINUTE_MS) return
    saidAt = performance.now()
    app.log.warn({ limit: 'connections', maxConnections }, 'connections are being turned away')
  })
}

/** Without this, @fastify/websocket accepts a WebSocket from anybody on every route, to close it again. */
function refuseStrayUpgrades(app: FastifyInstance): void {
  const streams = new Set<string>()
  app.addHook('onRoute', ({ websocket, url }) => {
    if (websocket) streams.add(url)
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.ws && !streams.has(request.routeOptions.url ?? '')) return reply.refuse(404)
  })
}

/** Hooks are not run for a URL that cannot be read, so nobody but this would close the socket of such an upgrade. */
function refuseBadUrl(_error: Error, { raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.writeHead(400, { connection: 'close', 'content-length': 0 })
  reply.raw.end(() => raw.socket.destroySoon())
}

/** A frame over the limit, or bytes that are no WebSocket: it costs that stream and nothing else. */
function endBrokenStream(error: Error & { code?: string }, socket: WebSocket, request: FastifyRequest): void {
  const { code } = error
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') request.log.warn({ limit: 'bytes a frame' }, 'a stream was closed')
  else if (code?.startsWith('WS_ERR_')) request.log.warn({ code }, 'a stream that is no WebSocket was closed')
  else request.log.error({ err: error }, 'a stream failed')
  socket.terminate()
}
