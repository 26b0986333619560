import { PRACTICE_ACCOUNT } from '../../src/twilio/frames.ts'
import { speak } from '../sound/speech.ts'
import { CallClock } from './clock.ts'
import { CallOver, type TwilioError, TwilioRefusal } from './errors.ts'
import { Exchange } from './exchange.ts'
import { type Document, type Ending, follow } from './follow.ts'
import { type CallStatus, type Identity, newSid, standardParameters } from './identity.ts'
import { Line } from './line.ts'
import { Logbook } from './logbook.ts'
import type { CallOutcome, OpenStreamOptions, RingOptions } from './options.ts'
import type { StreamLeg } from './stream.ts'
import type { Tape } from './tape.ts'

export type { ServerFrame } from './checks.ts'
export { CallOver, type TwilioError } from './errors.ts'
export type { VerbDone, WebhookExchange, Whisper } from './logbook.ts'
export type { CallOutcome, DialResult, DialSomebody, OpenStreamOptions, RingOptions } from './options.ts'
export type { CloseStyle } from './stream.ts'

/** The first webhook, or a directly dialled stream, failed; `call.ended` has the details. */
export class CallFailed extends Error {
  override name = 'CallFailed' as const
  /** Twilio's error number. */
  readonly code: number
  /** The HTTP status of the answer; undefined when there was none. */
  readonly status: number | undefined
  readonly call: PhoneCall

  constructor(call: PhoneCall, refusal: TwilioRefusal) {
    super(`${refusal.code} ${refusal.message}`)
    this.code = refusal.code
    this.status = refusal.status
    this.call = call
  }
}

type End = { readonly by: CallOutcome['by']; readonly reason?: string }

/**
 * A telephone with Twilio behind it: it rings the server's webhook, follows the TwiML, and is as strict on the stream
 * as Twilio. The server's mistakes are in `errors`; a test expects it to be empty.
 */
export class PhoneCall {
  readonly callSid: string
  readonly #options: RingOptions
  readonly #identity: Identity
  readonly #log = new Logbook()
  readonly #clock: CallClock
  readonly #line = new Line()
  readonly #hungUp = new AbortController()
  readonly #exchange: Exchange
  readonly #outcome = Promise.withResolvers<CallOutcome>()
  #isOver = false

  /** Every HTTP exchange, in order. */
  readonly webhooks = this.#log.webhooks
  /** Every verb as it is executed. */
  readonly verbs = this.#log.verbs
  /** The texts that `<Say>` spoke to the caller. */
  readonly said = this.#log.said
  /** Every valid frame that the server sent. */
  readonly frames = this.#log.frames
  /** The texts that `<Number url>` spoke to dialled people. */
  readonly whispers = this.#log.whispers
  readonly errors: TwilioError[] = this.#log.errors
  readonly notes: TwilioError[] = this.#log.notes

  private constructor(options: RingOptions) {
    this.#options = options
    this.#identity = {
      callSid: options.callSid ?? newSid('CA'),
      accountSid: options.accountSid ?? PRACTICE_ACCOUNT,
      from: options.from ?? '+15551230001',
      to: options.to ?? '+15551239999',
      direction: options.direction ?? 'inbound',
      parameters: options.parameters ?? {}
    }
    this.callSid = this.#identity.callSid
    this.#clock = new CallClock(options.pace ?? 1)
    this.#exchange = new Exchange({
      options,
      identity: this.#identity,
      log: this.#log,
      clock: this.#clock,
      line: this.#line,
      hungUp: this.#hungUp.signal
    })
  }

  /**
   * Rings the server. Resolves when the first TwiML has come and is being followed; rejects with CallFailed when none
   * came.
   */
  static async ring(options: RingOptions): Promise<PhoneCall> {
    const call = new PhoneCall(options)
    const url = new URL(options.path ?? '/incoming-call', call.#exchange.origin).href
    const first = await call.#exchange
      .fetch({ url, method: options.method ?? 'POST', params: {} })
      .catch((error) => call.#fail(error))
    void call.#follow(first)
    return call
  }

  /**
   * Opens a stream without a webhook, as strangers and replays do. Rejects with CallFailed when the upgrade is refused.
   */
  static async openStream(options: OpenStreamOptions): Promise<PhoneCall> {
    const call = new PhoneCall(options)
    const { href } = new URL(options.path ?? '/media-stream', call.#exchange.origin)
    call.#exchange.answer()
    const stream = call.#exchange.openStream({
      url: href.replace(/^https?:/, 'wss:'),
      customParameters: options.customParameters ?? {},
      streamSid: options.streamSid,
      sendsStart: options.start
    })
    await stream.opened.catch((error) => call.#fail(error))
    void call.#watch(stream)
    return call
  }

  /** The id of the stream that is open, or was last. */
  get streamSid(): string | undefined {
    return this.#exchange.streamSid
  }

  /** The TwiML's `<Parameter>`s. */
  get customParameters(): Readonly<Record<string, string>> | undefined {
    return this.#exchange.customParameters
  }

  /** Resolves when `start` has been sent. Rejects with CallOver when the call ended without a stream. */
  get streaming(): Promise<void> {
    return this.#exchange.streaming
  }

  /** Resolves when everything of the call is over. Never rejects. */
  get ended(): Promise<CallOutcome> {
    return this.#outcome.promise
  }

  /** Mu-law that the caller has heard since the answer, with silence where nothing was played. */
  get heard(): Buffer {
    return this.recorded().agent
  }

  /** Mu-law that was sent as the caller's audio: the frames' payloads, one after the other. */
  get spoke(): Buffer {
    return Buffer.concat(this.#exchange.spoke)
  }

  /** Sound at Twilio that the caller has not heard yet, in ms. */
  get bufferedMs(): number {
    return this.#exchange.stream?.bufferedMs ?? 0
  }

  /** Up to where the caller's frames have been sent, in ms since the first `start`: exact, however late the machine is. */
  get sentMs(): number {
    const { stream, startedMs = 0 } = this.#exchange
    return (stream?.sentMs ?? 0) - startedMs
  }

  /** The call's time, in ms since the first `start`. */
  get nowMs(): number {
    return this.#clock.nowMs - (this.#exchange.startedMs ?? 0)
  }

  /** The sound of both sides since the answer, or since the first `start`; of equal length. */
  recorded(since: 'answer' | 'start' = 'answer'): { caller: Buffer; agent: Buffer } {
    const { callerTape, agentTape, answeredMs, startedMs } = this.#exchange
    const { nowMs } = this.#clock
    const fromMs = since === 'answer' ? answeredMs : startedMs
    const whole = (tape: Tape | undefined) => tape?.between(fromMs ?? nowMs, nowMs) ?? Buffer.alloc(0)
    return { caller: whole(callerTape), agent: whole(agentTape) }
  }

  /**
   * Speaks. Resolves when the last frame was sent; rejects with CallOver when the call ended first. The promise may be
   * ignored.
   */
  say(text: string, options?: { voice?: string }): Promise<void> {
    const said = speak(text, options).then((speech) => this.#line.play(speech))
    said.catch(() => {})
    return said
  }

  /** Plays mu-law as the caller, after what they are already saying. Resolves and rejects as `say` does. */
  play(mulaw: Uint8Array): Promise<void> {
    return this.#line.play(mulaw)
  }

  /** Sound behind whatever the caller says, over and over; undefined ends it. */
  background(mulaw: Uint8Array | undefined): void {
    this.#line.background(mulaw)
  }

  /**
   * Presses keys, one after the other: 0 to 9, * and #.
   * @throws RangeError for any other key
   * @throws CallOver when no stream is open
   */
  press(keys: string): void {
    if (!/^[\d*#]+$/.test(keys)) throw new RangeError(`Expected keys from 0 to 9, * and #, got "${keys}"`)
    for (const key of keys) this.#openStream().press(key)
  }

  /** A bad network: for `ms` of the call's time the caller's frames are lost, and the timestamps jump. */
  gap(ms: number): void {
    this.#openStream().gap(ms)
  }

  /** The network loses the stream. The caller stays on the line, and Twilio asks what comes next. */
  loseStream(): void {
    this.#openStream().lose()
  }

  /** Sends any frame on the stream, for hostile tests; an object goes as JSON, a Buffer as a binary frame. */
  sendFrame(frame: object | string | Buffer): void {
    this.#openStream().sendRaw(frame)
  }

  /** Hangs up. Safe to call twice, and when the call is over. */
  hangUp(): void {
    if (this.#isOver) return
    this.#hungUp.abort()
    const { closeStyle = 'stop', closeCode = 1000 } = this.#options
    this.#exchange.stream?.leave(closeStyle, closeCode)
  }

  #openStream(): StreamLeg {
    const { stream } = this.#exchange
    if (!stream?.isOpen) throw new CallOver('The call has no stream that is open.')
    return stream
  }

  async #follow(first: Document): Promise<void> {
    const end: End = await follow(first, this.#exchange).then(
      (ending: Ending) => ending,
      (error: unknown) => this.#endAfter(error)
    )
    await this.#over(end)
  }

  async #watch(stream: StreamLeg): Promise<void> {
    const end = await stream.closed
    this.#exchange.note(end)
    if (end.by === 'server') await this.#over({ by: 'server', reason: `${end.code} ${end.reason}`.trim() })
    else await this.#over({ by: end.by === 'caller' ? 'caller' : 'error', reason: end.by })
  }

  async #fail(error: unknown): Promise<never> {
    await this.#over(this.#endAfter(error))
    throw error instanceof TwilioRefusal ? new CallFailed(this, error) : error
  }

  #endAfter(error: unknown): End {
    if (this.#hungUp.signal.aborted) return { by: 'caller' }
    if (error instanceof TwilioRefusal) {
      this.errors.push(error.logged)
      return { by: 'error', reason: `${error.code} ${error.message}` }
    }
    // A fault of this telephone's, or a `dial` that threw: it must not look like a quiet call.
    return { by: 'error', reason: String(error) }
  }

  async #over(end: End): Promise<void> {
    this.#isOver = true
    this.#line.hangUp()
    await this.#exchange.stream?.closed
    this.#clock.stop()
    const { answeredMs } = this.#exchange
    const durationMs = answeredMs === undefined ? 0 : this.#clock.nowMs - answeredMs
    this.#report(statusOf(end), durationMs)
    await this.#exchange.close()
    const { errors, notes, dialled } = this.#log
    this.#outcome.resolve({ ...end, errors, notes, durationMs, dialled })
  }

  #report(status: CallStatus, durationMs: number): void {
    const { statusCallback } = this.#options
    if (!statusCallback) return
    this.#exchange.notify({
      url: new URL(statusCallback, this.#exchange.origin).href,
      method: 'POST',
      params: {
        ...standardParameters(this.#identity, status),
        CallDuration: `${Math.ceil(durationMs / 1_000)}`,
        Timestamp: new Date().toUTCString(),
        CallbackSource: 'call-progress-events',
        SequenceNumber: '0'
      }
    })
  }
}

function statusOf(end: End): CallStatus {
  if (end.by !== 'reject') return 'completed'
  return end.reason === 'busy' ? 'busy' : 'no-answer'
}
