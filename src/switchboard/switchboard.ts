import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { WebSocket } from 'ws'
import * as cues from '../agent/cues.ts'
import type { Admission, Claims } from '../call/admission.ts'
import type { Call, CallParts } from '../call/call.ts'
import type { StreamStart } from '../call/caller-leg.ts'
import { endWhenHeard } from '../call/end-when-heard.ts'
import type { CallRecord, SaveRecord } from '../call/record.ts'
import type { Config } from '../config.ts'
import { answerTo, isTaken, type Line, type Next, type Question } from './line.ts'
import type { LineStore } from './lines.ts'

/** The one-time tokens that tie a stream to the webhook that asked for it. */
export interface Tokens {
  /** The token as the `<Parameter>`s of a stream. */
  issue(claims: Claims): Record<string, string>
  /** The caller of the stream, or a word that says why the stream is refused. */
  redeem(parameters: Readonly<Record<string, string>>, callSid: string): Claims | string
}

/** Model sockets that were opened at the webhook. Each waits for its call's stream. */
export interface WarmModels {
  readonly size: number
  discard(callSid: string): void
  close(): void
}

/** The parts of a call that come from the switchboard. The factory adds the others. */
export interface NewCall extends Pick<CallParts, 'log' | 'admit'> {
  /** No warm model waits, so one has to be opened before the stream is identified. */
  readonly isSpareDue: boolean
}

export interface SwitchboardParts {
  readonly lines: LineStore
  readonly tokens: Tokens
  readonly warm: WarmModels
  /** Starts opening a model for a caller whose stream is on its way. */
  readonly warmUp: (caller: Admission) => void
  /** Makes the call of a stream. The call listens before this returns: ws drops what arrives before a listener. */
  readonly createCall: (socket: WebSocket, tcp: Duplex, call: NewCall) => Call
  readonly saveRecord: SaveRecord
  /** The process is overloaded. */
  readonly isOverloaded: () => boolean
  /** The day has cost what it may. */
  readonly isDaySpent: () => boolean
  /** Told of each caller who gets no line. */
  readonly onDeclined: (why: Declined) => void
  /** Twilio was told what comes next for a call. @param before its line until then */
  readonly onNext?: ((callSid: string, before: Line | undefined, question: Question, next: Next) => void) | undefined
  /** The person to whom a caller is put through has picked up. */
  readonly onPickedUp?: ((callSid: string, line: Line) => void) | undefined
}

export type Declined =
  | 'draining'
  | 'overloaded'
  | 'all lines are taken'
  | 'the day’s budget is spent'
  | 'too many calls a minute from this number'

/**
 * The most models that are opened for streams before their `start`: an upgrade's signature never changes, so it can be
 * replayed.
 */
const MOST_SPARES = 4
/** The time for the goodbyes at the end of a drain to be heard. */
const GOODBYE_MS = 12_000
/** For Twilio's question about a call that was cut: without an answer it would read an "application error" to the caller. */
const QUESTION_MS = 2_000

/** Keeps the lines, the live calls of this process, and what comes after each call. */
export class Switchboard {
  readonly tokens: Tokens
  readonly warm: WarmModels
  readonly #config: Config
  readonly #parts: SwitchboardParts
  readonly #log: FastifyBaseLogger
  readonly #lines: LineStore
  /** The calls whose stream is open here, by the `stream` of their line. */
  readonly #live = new Map<string, Call>()
  /** One for each call, until its record is saved. */
  readonly #records = new Set<Promise<void>>()
  #drained: Promise<void> | undefined

  constructor(config: Config, parts: SwitchboardParts, log: FastifyBaseLogger) {
    this.tokens = parts.tokens
    this.warm = parts.warm
    this.#config = config
    this.#parts = parts
    this.#log = log
    this.#lines = parts.lines
  }

  /** The number of open streams. */
  get live(): number {
    return this.#live.size
  }

  /** Callers who have a line; MAX_CALLS is the limit. */
  get taken(): number {
    return this.#lines.taken
  }

  /** The calls whose streams are open. */
  list(): Call[] {
    return [...this.#live.values()]
  }

  /** Whether new callers are accepted. */
  get isReady(): boolean {
    return this.#drained === undefined && !this.#parts.isOverloaded()
  }

  /** Whether this call has a line already. */
  isExpecting(callSid: string): boolean {
    return isTaken(this.#lines.find(callSid))
  }

  /**
   * Gives a new caller a line and starts opening their model. A repeated webhook takes no second line.
   * @param isOneTooMany this number has called too often in the last minute
   * @returns why the caller is declined; undefined when they are accepted
   */
  answer(claims: Claims, isOneTooMany = false): Declined | undefined {
    const declined = this.#take(claims, isOneTooMany)
    if (declined !== undefined) this.#parts.onDeclined(declined)
    return declined
  }

  /** Answers Twilio's question what comes next for a call. A caller who comes back is always accepted. */
  next(callSid: string, status: Pick<Question, 'dial' | 'isOver'>): Next {
    this.#endStream(callSid, status.isOver)
    const question: Question = { type: 'asked', at: Date.now(), ...status }
    const before = this.#lines.change(callSid, question)
    // The stream never came, so the model that was opened for it is not needed.
    if (before?.name === 'answered') this.warm.discard(callSid)
    const { next } = answerTo(before, question)
    if (!before && next.do === 'apologise') {
      this.#log.warn({ callSid }, 'asked what comes after a call that this process does not know')
    }
    if (next.do === 'stream') this.#parts.warmUp(next.admission)
    this.#parts.onNext?.(callSid, before, question, next)
    return next
  }

  /** A webhook failed, so no stream will come for its line. A line with an open stream is kept. */
  giveBack(callSid: string): void {
    if (this.#lines.change(callSid, { type: 'given back' })?.name === 'answered') this.warm.discard(callSid)
  }

  /** A person has picked up. @returns the sentence that they hear before the caller is connected; undefined without a transfer. */
  summaryFor(callSid: string): string | undefined {
    const line = this.#lines.find(callSid)
    if (!line || !('transfer' in line)) return undefined
    this.#parts.onPickedUp?.(callSid, line)
    return line.transfer.summary
  }

  /** Makes the call of a stream that was just accepted. Awaits nothing before it. */
  open(socket: WebSocket, tcp: Duplex, log: FastifyBaseLogger): void {
    const stream = randomUUID()
    const admit = (start: StreamStart) => this.#admit(start, stream)
    const call = this.#parts.createCall(socket, tcp, { log, admit, isSpareDue: this.#isSpareDue() })
    this.#live.set(stream, call)
    // The line changes at `ended`, because Twilio asks what comes next as soon as the stream is closed; the record may
    // still wait for transcriptions.
    call.journal.on('ended', () => this.#endLine(stream, call))
    const recorded = call.ended.then((record) => this.#onEnded(stream, call, record))
    this.#records.add(recorded)
    void recorded.then(() => this.#records.delete(recorded))
  }

  /**
   * Accepts no new callers, waits for the live calls, and has the calls that are left say goodbye when the time is up.
   * Safe to call twice.
   */
  drain(timeoutMs: number): Promise<void> {
    this.#drained ??= this.#drain(timeoutMs)
    return this.#drained
  }

  /** Lets go of everything at once. Settles when the record of every call is saved, also of those that ended before. */
  async close(): Promise<void> {
    this.#drained ??= Promise.resolve()
    for (const call of this.list()) call.end('drained')
    this.warm.close()
    this.#lines.close()
    await Promise.all(this.#records)
  }

  #take(claims: Claims, isOneTooMany: boolean): Declined | undefined {
    if (isOneTooMany) return 'too many calls a minute from this number'
    if (this.isExpecting(claims.callSid)) return undefined
    if (this.#drained) return 'draining'
    if (!this.isReady) return 'overloaded'
    if (this.#parts.isDaySpent()) return 'the day’s budget is spent'
    const caller: Admission = { claims, memory: [], returnedFrom: undefined }
    if (!this.#lines.take(caller, this.#config.call.maxCalls)) return 'all lines are taken'
    this.#parts.warmUp(caller)
    return undefined
  }

  async #drain(timeoutMs: number): Promise<void> {
    await this.#emptied(timeoutMs)
    for (const call of this.list()) {
      endWhenHeard(call, 'drained', { say: cues.closeForMaintenance, cancelOnSpeech: false })
    }
    await this.#emptied(GOODBYE_MS)
    const left = this.list()
    for (const call of left) call.end('drained')
    if (left.length > 0) await this.#emptied(QUESTION_MS)
    await this.close()
  }

  /**
   * Resolves when no call is live or on its way here and Twilio has asked what comes after each, or when the time is
   * up.
   */
  async #emptied(timeoutMs: number): Promise<void> {
    const timeUp = delay(timeoutMs, 'time up' as const, { ref: false })
    // Checked in each round: a caller who was answered just before the drain may only now open their stream.
    while (this.live > 0 || this.#lines.areAnyExpected) {
      const arrivals = this.#lines.areAnyExpected ? [this.#lines.changed()] : []
      const first = await Promise.race([timeUp, ...arrivals, ...this.list().map((call) => call.ended)])
      if (first === 'time up') return
    }
  }

  /**
   * Whether a stream gets a model before it is identified: no warm model waits, and fewer than MOST_SPARES streams wait
   * for `start`.
   */
  #isSpareDue(): boolean {
    if (this.warm.size > 0) return false
    let unknown = 0
    for (const call of this.#live.values()) if (call.state.name === 'ringing') unknown += 1
    return unknown < MOST_SPARES
  }

  /** A newer stream of the same call replaces the older one and goes on with its conversation. */
  #admit(start: StreamStart, stream: string): Admission | undefined {
    const claims = this.#identify(start)
    if (!claims) return undefined
    const before = this.#lines.change(claims.callSid, { type: 'streamed', claims, stream })
    if (before?.name === 'answered') return { ...before.admission, claims }
    const older = before?.name === 'streaming' ? this.#live.get(before.stream) : undefined
    older?.end('superseded')
    const memory = older?.transcript.memory ?? []
    return { claims, memory, returnedFrom: undefined, before: older?.record.soFar }
  }

  #identify(start: StreamStart): Claims | undefined {
    const redeemed = this.tokens.redeem(start.customParameters, start.callSid)
    if (typeof redeemed === 'object') return redeemed
    this.#log.warn({ callSid: start.callSid, why: redeemed }, 'a stream was refused for its token')
    return undefined
  }

  /** Twilio may ask what comes after a stream before the stream's socket has closed here. */
  #endStream(callSid: string, isOver: boolean): void {
    const line = this.#lines.find(callSid)
    if (line?.name !== 'streaming' || line.hasSuperseded) return
    const call = this.#live.get(line.stream)
    call?.end(isOver ? 'caller_hung_up' : 'stream_lost')
    if (call) this.#endLine(line.stream, call)
  }

  async #onEnded(stream: string, call: Call, record: CallRecord): Promise<void> {
    this.#live.delete(stream)
    this.#endLine(stream, call)
    try {
      await this.#parts.saveRecord(record)
    } catch (err) {
      this.#log.error({ err }, 'the record could not be saved')
    }
  }

  #endLine(stream: string, { state, context, transcript, transfer, record }: Call): void {
    if (state.name !== 'ended') return
    const { reason } = state
    const memory = transcript.memory
    const before = record.soFar
    this.#lines.change(context.callSid, { type: 'ended', stream, reason, memory, transfer, before, at: Date.now() })
  }
}
