import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import type { Config } from '../config.ts'

/** Twilio's webhooks have 2 kB of parameters. */
const MAX_BODY_BYTES = 64 * 1024
/** A `media` frame is 400 bytes; nothing that Twilio sends comes near this. */
const MAX_FRAME_BYTES = 64 * 1024
/** Headers normally come in one packet. A client that sends them slowly would hold a socket. */
const HEADERS_TIMEOUT_MS = 5_000
/** For headers and body. Twilio itself gives a webhook 15 s, the answer included. */
const REQUEST_TIMEOUT_MS = 10_000
/**
 * Node checks for late requests this often. At Node's default of 30 s the two limits above would be up to four times as
 * long.
 */
const LOOK_FOR_LATE_MS = 1_000
/** For a socket without traffic, because the client does not read the answer. Streams are exempt (ws, `setSocket`). */
const STALLED_SOCKET_MS = 10_000
/** After this many requests the peer has to reconnect, which a proxy does unnoticed. */
const MAX_REQUESTS_PER_SOCKET = 1_000
/**
 * Connections for webhooks, probes and strangers, beside two for each call: its stream, and the one that replaces it.
 */
const OTHER_CONNECTIONS = 256
/** The most refusals (403, 404, 4xx) of one address in a minute. Beyond that it gets 429, and nothing is logged. */
const MAX_REFUSALS_PER_MINUTE = 60
const MINUTE_MS = 60_000

/** The limits that Node and Fastify enforce. */
export const serverLimits = {
  bodyLimit: MAX_BODY_BYTES,
  connectionTimeout: STALLED_SOCKET_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  maxRequestsPerSocket: MAX_REQUESTS_PER_SOCKET,
  http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: LOOK_FOR_LATE_MS },
  frameworkErrors: refuseBadUrl
}

/**
 * The limits that ws enforces. No compression: it would cost more than the audio, and a small frame could inflate to a
 * huge one.
 */
export const streamLimits = {
  options: { maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false },
  errorHandler: endBrokenStream
}

/** The log line of a refusal, and what its answer says. */
export interface Refusal {
  readonly message: string
  /** Nothing by default. */
  readonly body?: string | undefined
  readonly fields?: Readonly<Record<string, unknown>>
}

declare module 'fastify' {
  interface FastifyReply {
    /**
     * Answers with the status, and with no more than `why.body`. After MAX_REFUSALS_PER_MINUTE from one address it answers 429 and logs nothing.
     */
    refuse(status: number, why?: Refusal): Promise<FastifyReply>
  }
}

/** Bounds what strangers can cost. Twilio's own requests come from a few addresses and are not counted by address. */
export const limits = fp(
  async (app: FastifyInstance, { config }: { config: Config }) => {
    await app.register(rateLimit, { global: false })
    boundConnections(app, 2 * config.call.maxCalls + OTHER_CONNECTIONS)
    refuseStrayUpgrades(app)

    const count = app.createRateLimit({
      max: MAX_REFUSALS_PER_MINUTE,
      timeWindow: MINUTE_MS,
      // `ip` is undefined once the socket is closed.
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
      return this.code(status).send(why?.body)
    })

    // Without the limit an attacker could search for URLs by their 404s.
    app.setNotFoundHandler((_request, reply) => reply.refuse(404))
    app.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
      if (error.statusCode !== undefined && error.statusCode < 500) return reply.refuse(error.statusCode)
      request.log.error({ err: error }, 'a request failed')
      // The reason is only logged, and not sent.
      return reply.code(500).send()
    })
  },
  { name: 'limits', dependencies: ['@fastify/websocket'] }
)

/**
 * Limits the new calls a minute from one verified number; withheld numbers count as one.
 * @param callerOf the other party's number, from the signed webhook
 * @returns counts a request's call, and resolves to true when it is one too many
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

/** Node closes connections beyond the limit. The log says so once a minute, so that it is not flooded. */
function boundConnections(app: FastifyInstance, maxConnections: number): void {
  let saidAt = Number.NEGATIVE_INFINITY
  app.server.maxConnections = maxConnections
  app.server.on('drop', () => {
    if (performance.now() - saidAt < MINUTE_MS) return
    saidAt = performance.now()
    app.log.warn({ limit: 'connections', maxConnections }, 'connections are being turned away')
  })
}

/** Without this, @fastify/websocket accepts a WebSocket on every route and then closes it. */
function refuseStrayUpgrades(app: FastifyInstance): void {
  const streams = new Set<string>()
  app.addHook('onRoute', ({ websocket, url }) => {
    if (websocket) streams.add(url)
  })
  app.addHook('onRequest', async (request, reply) => {
    if (request.ws && !streams.has(request.routeOptions.url ?? '')) return reply.refuse(404)
  })
}

/** Fastify runs no hooks for a malformed URL, so this has to close the socket of such an upgrade. */
function refuseBadUrl(_error: Error, { raw }: FastifyRequest, reply: FastifyReply): void {
  reply.raw.writeHead(400, { connection: 'close', 'content-length': 0 })
  reply.raw.end(() => raw.socket.destroySoon())
}

/**
 * Ends a stream with a frame over the limit or with bytes that are no WebSocket frame. Other streams are not affected.
 */
function endBrokenStream(error: Error & { code?: string }, socket: WebSocket, request: FastifyRequest): void {
  const { code } = error
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') request.log.warn({ limit: 'bytes a frame' }, 'a stream was closed')
  else if (code?.startsWith('WS_ERR_')) request.log.warn({ code }, 'a stream that is no WebSocket was closed')
  else request.log.error({ err: error }, 'a stream failed')
  socket.terminate()
}
