import { setTimeout as delay } from 'node:timers/promises'
import type { RealtimeAgent } from '@openai/agents/realtime'
import type { FastifyBaseLogger } from 'fastify'
import fp from 'fastify-plugin'
import type { WebSocket } from 'ws'
import type { CallContext } from '../agent/context.ts'
import type { Admission, Call } from '../call/call.ts'
import { createCall } from '../call/create-call.ts'
import { type Afterwards, afterwards } from '../call/end-reason.ts'
import type { Config } from '../config.ts'
import type { SessionSettings } from '../model/session.ts'
import { WarmSockets } from '../model/warm-sockets.ts'
import type { CallRecord, SaveRecord } from '../records/record.ts'
import type { StartFrame } from '../twilio/frames.ts'
import { type StreamClaims, StreamTokens } from '../twilio/stream-token.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly calls: Calls
  }
}

/** A caller's place, from the webhook's answer to the end of the call. */
type Line =
  /** Answered; the stream has not come yet. */
  | { readonly name: 'answered'; readonly claims: StreamClaims; readonly timer: NodeJS.Timeout }
  | { readonly name: 'streaming'; readonly claims: StreamClaims; readonly call: Call }
  /** Over, but Twilio may still ask what comes next. */
  | { readonly name: 'over'; readonly claims: StreamClaims; readonly next: Afterwards; readonly timer: NodeJS.Timeout }

/** A stream that did not open in this time is not coming; its line is free again. Also how long an end is remembered. */
const LINE_MS = 60_000

export type Declined = 'draining' | 'all lines are taken'

export interface CallsOptions {
  readonly agent: RealtimeAgent<CallContext>
  readonly session: SessionSettings
  readonly saveRecord: SaveRecord
}

/** The calls of this process: who has a line, whose stream is open, and what comes after. */
export class Calls {
  readonly warm: WarmSockets
  readonly tokens: StreamTokens
  readonly #config: Config
  readonly #options: CallsOptions
  readonly #log: FastifyBaseLogger
  readonly #lines = new Map<string, Line>()
  readonly #live = new Set<Call>()
  #draining = false

  constructor(config: Config, options: CallsOptions, log: FastifyBaseLogger) {
    this.#config = config
    this.#options = options
    this.#log = log
    this.tokens = new StreamTokens(config.twilio.authToken)
    this.warm = new WarmSockets({ url: config.openai.url, model: config.openai.model, apiKey: config.openai.apiKey })
  }

  /** Streams that are open. */
  get live(): number {
    return this.#live.size
  }

  /** New callers are taken. */
  get isReady(): boolean {
    return !this.#draining
  }

  /** Gives a caller a line and starts opening their model, or says why not. A repeated webhook takes no second line. */
  answer(claims: StreamClaims): Declined | undefined {
    const line = this.#lines.get(claims.callSid)
    if (!line || line.name === 'over') {
      if (this.#draining) return 'draining'
      if (this.#taken() >= this.#config.call.maxCalls) return 'all lines are taken'
    }
    if (line?.name === 'streaming') return undefined
    if (line) clearTimeout(line.timer)
    const timer = setTimeout(() => this.#over(claims, 'apologise'), LINE_MS)
    timer.unref()
    this.#lines.set(claims.callSid, { name: 'answered', claims, timer })
    this.warm.warm(claims.callSid)
    return undefined
  }

  /** Builds the call of a stream that was just accepted, before anything is awaited. */
  open(socket: WebSocket, log: FastifyBaseLogger): void {
    const call = createCall(socket, {
      agent: this.#options.agent,
      session: this.#options.session,
      config: this.#config,
      log,
      admit: (start, self) => this.#admit(start, self),
      openModel: () => this.warm.open(),
      takeWarmModel: (callSid) => this.warm.take(callSid),
      spareModel: this.warm.size === 0 ? this.warm.open() : undefined
    })
    this.#live.add(call)
    void call.ended.then((record) => this.#onEnded(call, record))
  }

  /** What Twilio should do with a caller whose stream is closed. */
  afterwards(callSid: string): Afterwards {
    const line = this.#lines.get(callSid)
    if (!line) return 'hang up'
    // Answered, and the stream never came: the agent could not be had.
    if (line.name === 'answered') {
      this.#over(line.claims, 'hang up')
      return 'apologise'
    }
    return line.name === 'over' ? line.next : 'hang up'
  }

  /** Takes no new callers, waits for the live ones, and ends those that are left when the time is up. Safe to call twice. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true
    const timeUp = delay(timeoutMs, 'time up' as const, { ref: false })
    // Asked again each round: a caller we answered just before the drain may only now open their stream.
    while (this.#live.size > 0 || this.#isAnyAnswered()) {
      const ends = [...this.#live].map((call) => call.ended)
      const next = this.#isAnyAnswered() ? [delay(100, undefined, { ref: false })] : []
      if ((await Promise.race([timeUp, ...ends, ...next])) === 'time up') break
    }
    for (const call of this.#live) call.end('drained')
    this.close()
  }

  /** Lets go of everything at once. */
  close(): void {
    this.#draining = true
    for (const call of this.#live) call.end('drained')
    this.warm.close()
    for (const line of this.#lines.values()) if (line.name !== 'streaming') clearTimeout(line.timer)
    this.#lines.clear()
  }

  #taken(): number {
    let taken = 0
    for (const line of this.#lines.values()) if (line.name !== 'over') taken += 1
    return taken
  }

  #isAnyAnswered(): boolean {
    for (const line of this.#lines.values()) if (line.name === 'answered') return true
    return false
  }

  #admit(start: StartFrame, call: Call): Admission | undefined {
    const claims = this.#identify(start)
    if (!claims) return undefined
    const line = this.#lines.get(start.callSid)
    if (line?.name === 'streaming') line.call.end('superseded')
    else if (line) clearTimeout(line.timer)
    this.#lines.set(start.callSid, { name: 'streaming', claims, call })
    return { claims, memory: [], returnedFrom: undefined }
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
    const line = record.callSid === undefined ? undefined : this.#lines.get(record.callSid)
    // A newer stream of the same call has the line already.
    if (line?.name === 'streaming' && line.call === call) this.#over(line.claims, afterwards(record.endReason))
    this.#options.saveRecord(record).catch((err) => this.#log.error({ err }, 'the record could not be saved'))
  }

  #over(claims: StreamClaims, next: Afterwards): void {
    const before = this.#lines.get(claims.callSid)
    if (before && before.name !== 'streaming') clearTimeout(before.timer)
    this.warm.discard(claims.callSid)
    const timer = setTimeout(() => this.#lines.delete(claims.callSid), LINE_MS)
    timer.unref()
    this.#lines.set(claims.callSid, { name: 'over', claims, next, timer })
  }
}

export const callsPlugin = fp<CallsOptions & { config: Config }>(
  async (app, { config, ...options }) => {
    const calls = new Calls(config, options, app.log)
    app.decorate('calls', calls)
    app.addHook('onClose', () => calls.close())
  },
  { name: 'calls' }
)
