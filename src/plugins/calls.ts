import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { RealtimeAgent } from '@openai/agents/realtime'
import type { FastifyBaseLogger } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import type { CallContext } from '../agent/context.ts'
import { type ToolFailure, toolFailures } from '../agent/tools/failure.ts'
import type { Admission, Call } from '../call/call.ts'
import { CallerContext } from '../call/caller-context.ts'
import { createCall } from '../call/create-call.ts'
import { watchTools } from '../call/tools.ts'
import type { Config } from '../config.ts'
import { type Opening, prepareOpening } from '../model/opening.ts'
import type { SessionSettings } from '../model/session.ts'
import { WarmSockets } from '../model/warm-sockets.ts'
import type { CallRecord, SaveRecord } from '../records/record.ts'
import type { StartFrame } from '../twilio/frames.ts'
import { type StreamClaims, StreamTokens } from '../twilio/stream-token.ts'
import { Lines, type Next } from './lines.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly calls: Calls
  }
}

export type Declined = 'draining' | 'overloaded' | 'all lines are taken'

export interface CallsOptions {
  readonly agent: RealtimeAgent<CallContext>
  readonly session: SessionSettings
  readonly saveRecord: SaveRecord
  /** More than this process can do in time. */
  readonly isOverloaded: () => boolean
  /** Is shown every call as it is made, for whoever wants to listen in: `call.session.on('transport_event', …)`. */
  readonly onCall: (call: Call) => void
}

/** An upgrade's signature never changes, so who has seen one can dial again; no more models than this wait for a `start`. */
const MOST_SPARES = 4
const GOODBYE =
  'The line has to be closed for maintenance now. Apologise in one short sentence, ask to call again, and say goodbye.'
/** For those goodbyes to be heard. */
const GOODBYE_MS = 12_000

/** The calls of this process: who is taken, whose stream is open, and what comes after. */
export class Calls {
  readonly warm: WarmSockets
  readonly tokens: StreamTokens
  readonly #config: Config
  readonly #options: CallsOptions
  readonly #log: FastifyBaseLogger
  readonly #lines: Lines
  readonly #live = new Set<Call>()
  #drained: Promise<void> | undefined

  constructor(config: Config, options: CallsOptions, log: FastifyBaseLogger) {
    this.#config = config
    this.#options = options
    this.#log = log
    this.tokens = new StreamTokens(config.twilio.authToken)
    this.warm = new WarmSockets({ url: config.openai.url, model: config.openai.model, apiKey: config.openai.apiKey })
    this.#lines = new Lines((callSid) => this.warm.discard(callSid))
    watchTools(options.agent)
  }

  /** Streams that are open. */
  get live(): number {
    return this.#live.size
  }

  /** New callers are taken. */
  get isReady(): boolean {
    return this.#drained === undefined && !this.#options.isOverloaded()
  }

  /** This call has been given a line already. */
  isExpecting(callSid: string): boolean {
    return this.#lines.isWaiting(callSid)
  }

  /** Gives a new caller a line and starts opening their model, or says why not. A repeated webhook takes no second line. */
  answer(claims: StreamClaims): Declined | undefined {
    if (this.#lines.isWaiting(claims.callSid)) return undefined
    if (this.#drained) return 'draining'
    if (!this.isReady) return 'overloaded'
    if (this.#lines.taken >= this.#config.call.maxCalls) return 'all lines are taken'
    this.#expect({ claims, memory: [], returnedFrom: undefined })
    return undefined
  }

  /** What a caller's line does now that Twilio is done with what it was told. A caller who comes back is always taken. */
  next(callSid: string, status: { readonly dial: string | undefined; readonly isOver: boolean }): Next {
    const call = this.#lines.askedAbout(callSid)
    call?.end(status.isOver ? 'caller_hung_up' : 'stream_lost')
    if (call) this.#lines.end(call, call.transcript.memory)
    const next = this.#lines.next(callSid, status)
    if (next.do === 'stream') this.#expect(next.answered)
    return next
  }

  /** What a person is told before a caller is connected to them. */
  summaryFor(callSid: string): string | undefined {
    return this.#lines.summaryFor(callSid)
  }

  /** Builds the call of a stream that was just accepted, before anything is awaited. */
  open(socket: WebSocket, tcp: Duplex, log: FastifyBaseLogger): void {
    const call = createCall(socket, tcp, {
      agent: this.#options.agent,
      session: this.#options.session,
      config: this.#config,
      log,
      admit: (start, self) => this.#admit(start, self),
      openModel: () => this.warm.open(),
      takeWarmModel: (callSid) => this.warm.take(callSid),
      spareModel: this.#isSpareDue() ? this.warm.open() : undefined
    })
    this.#live.add(call)
    void call.ended.then((record) => this.#onEnded(call, record))
    try {
      this.#options.onCall(call)
    } catch (error) {
      call.fail(error)
    }
  }

  /**
   * Takes no new callers, waits for the live ones, and says goodbye to those that are left when the time is up. Safe to
   * call twice.
   */
  drain(timeoutMs: number): Promise<void> {
    this.#drained ??= this.#drain(timeoutMs)
    return this.#drained
  }

  /** Lets go of everything at once. */
  close(): void {
    this.#drained ??= Promise.resolve()
    for (const call of this.#live) call.end('drained')
    this.warm.close()
    this.#lines.close()
  }

  async #drain(timeoutMs: number): Promise<void> {
    await this.#emptied(timeoutMs)
    for (const call of this.#live) call.endWhenHeard('drained', { say: GOODBYE, cancelOnSpeech: false })
    await this.#emptied(GOODBYE_MS)
    this.close()
  }

  /** Resolves when no call is live or on its way here and Twilio has asked what comes after each, or when the time is up. */
  async #emptied(timeoutMs: number): Promise<void> {
    const timeUp = delay(timeoutMs, 'time up' as const, { ref: false })
    // Asked again each round: a caller we answered just before the drain may only now open their stream.
    while (this.#live.size > 0 || this.#lines.areAnyExpected) {
      const arrivals = this.#lines.areAnyExpected ? [this.#lines.changed()] : []
      const first = await Promise.race([timeUp, ...arrivals, ...[...this.#live].map((call) => call.ended)])
      if (first === 'time up') return
    }
  }

  /** Nothing warm is waiting for anybody, and this is not one of many streams that have not said whose they are. */
  #isSpareDue(): boolean {
    if (this.warm.size > 0) return false
    let unknown = 0
    for (const call of this.#live) if (call.state.name === 'ringing') unknown += 1
    return unknown < MOST_SPARES
  }

  #expect(answered: Admission): void {
    this.#lines.expect(answered)
    this.warm.warm(answered.claims.callSid, this.#opening(answered))
  }

  /** A caller who comes back is not greeted, and their conversation has to come before anything else. */
  #opening(answered: Admission): Promise<Opening> | undefined {
    const { greeting, earlyGreeting, transferTargets } = this.#config.call
    if (!earlyGreeting || answered.memory.length > 0 || answered.returnedFrom !== undefined) return undefined
    const call = CallerContext.before(answered, transferTargets)
    return prepareOpening(this.#options.agent, this.#options.session, { call }, greeting)
  }

  #admit(start: StartFrame, call: Call): Admission | undefined {
    const claims = this.#identify(start)
    return claims && this.#lines.admit(claims, call)
  }

  #identify(start: StartFrame): StreamClaims | undefined {
    const redeemed = this.tokens.redeem(start.customParameters, start.callSid)
    if (typeof redeemed === 'object') return redeemed
    // On this machine alone a bare client may be pointed at the stream.
    const isOpenHere = this.#config.twilio.authToken === undefined && redeemed === 'missing'
    if (isOpenHere) return { callSid: start.callSid, direction: 'inbound', parameters: {} }
    this.#log.warn({ callSid: start.callSid, why: redeemed }, 'a stream was refused for its token')
    return undefined
  }

  #onEnded(call: Call, record: CallRecord): void {
    this.#live.delete(call)
    this.#lines.end(call, call.transcript.memory)
    const save = async () => this.#options.saveRecord(record)
    save().catch((err) => this.#log.error({ err }, 'the record could not be saved'))
  }
}

export const callsPlugin = fp<CallsOptions & { config: Config }>(
  async (app, { config, ...options }) => {
    const calls = new Calls(config, options, app.log)
    app.decorate('calls', calls)
    toolFailures.subscribe(logFailure)
    app.addHook('onClose', () => {
      toolFailures.unsubscribe(logFailure)
      calls.close()
    })

    function logFailure(failure: unknown): void {
      const { tool, callSid, error } = failure as ToolFailure
      app.log.error({ tool, callSid, ...placeOf(error) }, 'a tool failed')
    }
  },
  { name: 'calls' }
)

/** What an error is and where it was thrown. Its message may quote the caller. */
function placeOf(error: unknown): { error: string; at?: string | undefined } {
  if (!(error instanceof Error)) return { error: typeof error }
  const [at] = error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  return { error: error.name, at: at?.trim() }
}
