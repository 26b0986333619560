import formbody from '@fastify/formbody'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance, LogController } from 'fastify'
import { triageAgent } from './agent/agent.ts'
import { outputGuardrails } from './agent/guardrails.ts'
import type { Call } from './call/call.ts'
import { createCall } from './call/create-call.ts'
import { earlyOpening } from './call/early-opening.ts'
import { watchTools } from './call/tools.ts'
import type { Config } from './config.ts'
import { loggerOptions } from './log.ts'
import { WarmSockets } from './model/warm-sockets.ts'
import { calls } from './plugins/calls.ts'
import { limits, serverLimits, streamLimits } from './plugins/limits.ts'
import { pressure } from './plugins/pressure.ts'
import { securityHeaders } from './plugins/security-headers.ts'
import { toolFailureLog } from './plugins/tool-failures.ts'
import { requireTwilio } from './plugins/twilio-only.ts'
import type { SaveRecord } from './records/record.ts'
import { callEnded } from './routes/call-ended.ts'
import { health } from './routes/health.ts'
import { home } from './routes/home.ts'
import { incomingCall } from './routes/incoming-call.ts'
import { mediaStream } from './routes/media-stream.ts'
import { transferSummary } from './routes/transfer-summary.ts'
import { MemoryLines } from './switchboard/lines.ts'
import { Switchboard, type SwitchboardParts } from './switchboard/switchboard.ts'
import { StreamTokens } from './twilio/stream-token.ts'
import { apologyTwiml } from './twilio/twiml.ts'

/** What a test, or another server, may put in place of ours. */
export interface Dependencies {
  readonly agent: typeof triageAgent
  readonly outputGuardrails: typeof outputGuardrails
  readonly saveRecord: SaveRecord
  /** New callers are declined while this is so; by default while the event loop is late. */
  readonly isOverloaded: () => boolean
  /** Told of each call as its stream is accepted: `call.session` and `call.facts` can be listened to, `start` has not come. */
  readonly onCall: (call: Call) => void
  /** Where the log goes; standard output by default. */
  readonly logTo: { write(line: string): void } | undefined
}

/** The whole server, in the order in which it is put together. */
export async function buildApp(config: Config, overrides: Partial<Dependencies> = {}): Promise<FastifyInstance> {
  const app = Fastify({
    logger: loggerOptions(config.log.level, overrides.logTo),
    // One line a request, below, instead of Fastify's two with the query in them.
    logController: new LogController({ disableRequestLogging: true }),
    ...serverLimits
  })

  await app.register(securityHeaders)
  await app.register(websocket, streamLimits)
  await app.register(limits, { config })
  await app.register(pressure)
  await app.register(toolFailureLog)
  await app.register(calls, { switchboard: buildSwitchboard(app, config, overrides) })

  app.addHook('onResponse', async (request, reply) => {
    // The path without its query: Twilio's GET webhooks carry the caller's number there.
    const path = request.url.split('?', 1)[0]
    const fields = { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }
    const isProbe = path === '/health' || path === '/ready'
    // A flood is not to flood the log too; that it came was said when it began.
    if (isProbe || reply.statusCode === 429) request.log.debug(fields, 'request')
    else request.log.info(fields, 'request')
  })

  await app.register(home)
  await app.register(health)
  await app.register(async function twilioOnly(scope) {
    scope.removeAllContentTypeParsers()
    await scope.register(formbody)
    scope.addHook('preValidation', requireTwilio(config))
    scope.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
      if (error.statusCode !== undefined && error.statusCode < 500) return reply.refuse(error.statusCode)
      request.log.error({ err: error }, 'a webhook failed')
      // Anything but TwiML would have Twilio's own voice read an "application error" to the caller.
      return reply.code(200).type('text/xml').send(apologyTwiml(config.call.fallbackNumber))
    })
    await scope.register(incomingCall, { config })
    await scope.register(mediaStream)
    await scope.register(callEnded, { config })
    await scope.register(transferSummary)
  })
  return app
}

/** The switchboard and what its calls are made of. */
function buildSwitchboard(app: FastifyInstance, config: Config, overrides: Partial<Dependencies>): Switchboard {
  const agent = overrides.agent ?? triageAgent
  const session = {
    ...config.openai,
    takesTurns: config.call.minInterruptionMs > 0 || config.call.protectGreeting,
    outputGuardrails: overrides.outputGuardrails ?? outputGuardrails
  }
  const shared = { agent, session, config }
  const warm = new WarmSockets(config.openai)
  watchTools(agent)
  const parts: SwitchboardParts = {
    lines: new MemoryLines(),
    tokens: new StreamTokens(config.twilio.authToken),
    warm,
    warmUp: (caller) => warm.warm(caller.claims.callSid, earlyOpening(caller, shared)),
    createCall: (socket, tcp, { log, admit, isSpareDue }) =>
      createCall(socket, tcp, {
        ...shared,
        log,
        admit,
        openModel: () => warm.open(),
        takeWarmModel: (callSid) => warm.take(callSid),
        spareModel: isSpareDue ? warm.open() : undefined
      }),
    // Storage is not built yet: a call is kept as the one line that it logs.
    saveRecord: overrides.saveRecord ?? (async () => {}),
    isOverloaded: overrides.isOverloaded ?? (() => app.isUnderPressure()),
    onCall: overrides.onCall ?? (() => {})
  }
  return new Switchboard(config, parts, app.log)
}
