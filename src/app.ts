import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify'
import type { ZodObject } from 'zod'
import { agentFor } from './agent/agent.ts'
import type { AgentFor } from './agent/context.ts'
import { outputGuardrails } from './agent/guardrails.ts'
import { result } from './agent/result.ts'
import { buildSwitchboard, type Sdk } from './build-switchboard.ts'
import type { Call } from './call/call.ts'
import type { Reader } from './call/create-call.ts'
import type { SaveRecord } from './call/record.ts'
import type { Config } from './config.ts'
import { api } from './console/api.ts'
import { Listening } from './console/listening.ts'
import { type LoginOptions, login } from './console/login.ts'
import type { ApiOptions } from './console/options.ts'
import { consolePage } from './console/page.ts'
import type { Practice } from './console/practice.ts'
import { type SoftphoneOptions, softphone } from './console/softphone.ts'
import { doctor } from './doctor/route.ts'
import { loggerOptions } from './log.ts'
import { logCall } from './metrics/call-log.ts'
import { type Metrics, metricsRoute } from './metrics/metrics.ts'
import { watchCalls } from './metrics/watch-calls.ts'
import { calls } from './plugins/calls.ts'
import { ConsoleKey } from './plugins/console-key.ts'
import { limits, serverLimits, streamLimits } from './plugins/limits.ts'
import { explainError, requireOurs } from './plugins/ours-only.ts'
import { pressure } from './plugins/pressure.ts'
import { securityHeaders } from './plugins/security-headers.ts'
import { requireTwilio } from './plugins/twilio-only.ts'
import { keepRecords } from './records/records.ts'
import { callEnded } from './routes/call-ended.ts'
import { health } from './routes/health.ts'
import { home } from './routes/home.ts'
import { incomingCall } from './routes/incoming-call.ts'
import { mediaStream } from './routes/media-stream.ts'
import { transferSummary } from './routes/transfer-summary.ts'
import type { Store } from './store/open.ts'
import { apologyTwiml } from './twilio/twiml.ts'
import { tellWebhooks } from './webhooks/webhooks.ts'

/** The parts that a test or another server may replace. */
export interface Dependencies {
  /** What Twilio's requests have to be signed with; by default `TWILIO_AUTH_TOKEN`. */
  readonly authToken: string
  /** What opens the console, the API and the metrics; by default `CONSOLE_TOKEN`. Without either they are not there. */
  readonly consoleToken: string
  /** What `npm run practice` adds to the page's telephone. */
  readonly practice: Practice | undefined
  readonly agentFor: AgentFor
  readonly outputGuardrails: typeof outputGuardrails
  /** What is learned from a call when it is over, where RESULT_MODEL is set. */
  readonly result: ZodObject
  readonly saveRecord: SaveRecord
  /** New callers are declined while this is true; by default, while the event loop is late. */
  readonly isOverloaded: () => boolean
  /** New callers are declined while this is true; by default, when the day has cost MAX_DAY_COST_USD. */
  readonly isDaySpent: () => boolean
  /** Each reader gets every call as its stream is accepted, before `start`, and follows its journal. */
  readonly readers: readonly Reader[]
  /** Where the records of calls are kept, and what the agent keeps: in memory without it. It is closed with the server. */
  readonly store: Store | undefined
  /** The agent's clock; by default this machine's. */
  readonly now: () => Date
  /**
   * Called with each call as its stream is accepted, before `start`, with the SDK's session and transport. Every event
   * of both wires then passes `session.on('transport_event', …)`, which doubles the CPU of a call, roughly.
   */
  readonly onCall: (call: Call, sdk: Sdk) => void
  /** The log's destination; standard output by default. */
  readonly logTo: { write(line: string): void } | undefined
}

/**
 * The whole server, in the order in which it is put together.
 * @throws TypeError without an auth token: a server that checks nothing is none
 */
export async function buildApp(config: Config, overrides: Partial<Dependencies> = {}): Promise<FastifyInstance> {
  const authToken = overrides.authToken ?? config.twilio.authToken
  if (authToken === undefined) throw new TypeError('expected TWILIO_AUTH_TOKEN, or an authToken in its place')
  const app = Fastify({
    logger: loggerOptions(config.log.level, overrides.logTo),
    // The hook below logs one line a request; Fastify would log two, with the query in them.
    logController: new LogController({ disableRequestLogging: true }),
    ...serverLimits
  })

  await app.register(securityHeaders)
  await app.register(websocket, streamLimits)
  await app.register(limits, { config })
  await app.register(pressure)
  const records = overrides.store && (await keepRecords(app, overrides.store, config))
  const webhooks =
    records && overrides.store && tellWebhooks(app, overrides.store, records, config, overrides.result ?? result)
  app.decorate('webhooks', webhooks)
  const { metrics, readers: meters } = watchCalls(app, {
    config,
    store: overrides.store && records && { writer: records.writer, store: overrides.store },
    guardrails: overrides.outputGuardrails ?? outputGuardrails,
    onAlert: (alert) => webhooks?.onAlert(alert)
  })
  const listening = config.console.listen ? new Listening(config.call.recording) : undefined
  const readers = [
    ...[logCall, ...(overrides.readers ?? []), ...(records?.readers ?? []), ...(webhooks?.readers ?? []), ...meters],
    ...(listening ? [listening.reader] : [])
  ]
  const switchboard = buildSwitchboard(app, {
    ...{ config, authToken, readers, metrics, webhooks, store: overrides.store, onMissed: records?.onMissed },
    agentFor: overrides.agentFor ?? agentFor,
    outputGuardrails: overrides.outputGuardrails ?? outputGuardrails,
    now: overrides.now ?? (() => new Date()),
    onCall: overrides.onCall,
    // For whoever keeps records in a place of their own; `store` keeps them without it.
    saveRecord: overrides.saveRecord ?? (async () => {}),
    isDaySpent: overrides.isDaySpent ?? records?.isDaySpent ?? (() => false),
    isOverloaded: overrides.isOverloaded
  })
  await app.register(calls, { switchboard })

  app.addHook('onResponse', async (request, reply) => {
    const path = pathOf(request)
    const fields = { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }
    const isProbe = path === '/health' || path === '/ready'
    // Refused requests of a flood are not logged one by one: the log said once that it began.
    if (isProbe || reply.statusCode === 429) request.log.debug(fields, 'request')
    else request.log.info(fields, 'request')
  })

  await app.register(home)
  await app.register(health)
  await app.register(async function twilioOnly(scope) {
    scope.removeAllContentTypeParsers()
    await scope.register(formbody)
    scope.addHook('preValidation', requireTwilio(config, authToken))
    scope.addHook('onResponse', metrics.countRejection)
    scope.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
      if (error.statusCode !== undefined && error.statusCode < 500) return reply.refuse(error.statusCode)
      request.log.error({ err: error }, 'a webhook failed')
      // Without TwiML, Twilio's own voice would read an "application error" to the caller.
      return reply.code(200).type('text/xml').send(apologyTwiml(config.call.fallbackNumber))
    })
    await scope.register(incomingCall, { config, authToken })
    await scope.register(mediaStream, { authToken })
    await scope.register(callEnded, { config })
    await scope.register(transferSummary)
  })
  const consoleToken = overrides.consoleToken ?? config.console.token
  if (consoleToken !== undefined) {
    const key = new ConsoleKey(consoleToken)
    const kept = overrides.store && records && { ...records, store: overrides.store, listening }
    await app.register(openConsole, { config, key, authToken, practice: overrides.practice, metrics, kept })
  }
  return app
}

/** For the log: a route's pattern, because a path or a query may have a caller's number in it. */
function pathOf({ routeOptions, url }: FastifyRequest): string | undefined {
  const [path] = url.split('?', 1)
  if (routeOptions.url !== undefined) return routeOptions.url
  return path?.startsWith('/api/') ? '/api/*' : path
}

interface ConsoleOptions extends LoginOptions, SoftphoneOptions {
  readonly authToken: string
  readonly metrics: Metrics
  readonly kept: Omit<ApiOptions, 'config'> | undefined
}

/** What somebody sees of the calls, behind its one door. */
async function openConsole(
  app: FastifyInstance,
  { config, key, authToken, practice, metrics, kept }: ConsoleOptions
): Promise<void> {
  await app.register(cookie)
  await app.register(login, { config, key })
  await app.register(async function oursOnly(scope) {
    scope.addHook('preValidation', requireOurs(config, key))
    scope.addHook('onSend', explainError)
    await scope.register(consolePage)
    await scope.register(softphone, { config, practice })
    await scope.register(metricsRoute, { metrics })
    await scope.register(doctor, { config, authToken })
    // A server that keeps nothing has nothing to show.
    if (kept) await scope.register(api, { prefix: '/api', config, ...kept })
  })
}
