import { setTimeout as wait } from 'node:timers/promises'
import { durationMs } from '../sound/mulaw.ts'
import { speak } from '../sound/speech.ts'
import type { CallClock } from './clock.ts'
import { dialNumbers } from './dialling.ts'
import { CallOver, TwilioRefusal } from './errors.ts'
import type { Desk, Document } from './follow.ts'
import { type CallStatus, type Identity, newSid, standardParameters } from './identity.ts'
import type { Line } from './line.ts'
import type { Logbook } from './logbook.ts'
import type { RingOptions } from './options.ts'
import { type StreamEnd, StreamLeg } from './stream.ts'
import { streamRequest } from './stream-request.ts'
import { Tape } from './tape.ts'
import { type Element, parseTwiml } from './twiml.ts'
import { Gateway, type Reply, type Request } from './webhook.ts'

export interface ExchangeParts {
  readonly options: RingOptions
  readonly identity: Identity
  readonly log: Logbook
  readonly clock: CallClock
  readonly line: Line
  /** Aborted when the caller hangs up; every wait then rejects with CallOver. */
  readonly hungUp: AbortSignal
}

export interface OpenStream {
  readonly url: string
  readonly customParameters: Readonly<Record<string, string>>
  readonly streamSid?: string | undefined
  readonly sendsStart?: boolean | undefined
}

/** Twilio's side of one call: it fetches TwiML, executes it, and keeps the stream. */
export class Exchange implements Desk {
  readonly #parts: ExchangeParts
  readonly #gateway: Gateway
  readonly agentTape: Tape | undefined
  readonly callerTape: Tape | undefined
  /** Every frame of the caller's that was sent, in order. */
  readonly spoke: Buffer[] = []
  readonly #callbacks: Promise<unknown>[] = []
  readonly #streaming = Promise.withResolvers<void>()
  stream: StreamLeg | undefined
  streamSid: string | undefined
  customParameters: Readonly<Record<string, string>> | undefined
  answeredMs: number | undefined
  /** When the first stream began. */
  startedMs: number | undefined

  constructor(parts: ExchangeParts) {
    this.#parts = parts
    this.#gateway = new Gateway(parts.options)
    if (parts.options.remember !== false) {
      this.agentTape = new Tape()
      this.callerTape = new Tape()
    }
    this.#streaming.promise.catch(() => {})
  }

  get origin(): string {
    return this.#gateway.origin
  }

  get streaming(): Promise<void> {
    return this.#streaming.promise
  }

  get status(): CallStatus {
    return this.answeredMs === undefined ? 'ringing' : 'in-progress'
  }

  /**
   * Fetches TwiML from a webhook, with Twilio's parameters added to the request's.
   * @throws TwilioRefusal with the error that Twilio would log
   */
  async fetch(request: Request): Promise<Document> {
    const standard = standardParameters(this.#parts.identity, this.status)
    const reply = await this.request({ ...request, params: { ...standard, ...request.params } })
    return { url: request.url, verbs: parseReply(request.url, reply) }
  }

  async request(request: Request): Promise<Reply> {
    const { options, hungUp, log } = this.#parts
    const limit = AbortSignal.any([hungUp, AbortSignal.timeout(options.webhookTimeoutMs ?? 15_000)])
    const reply = await this.#unlessHungUp(this.#gateway.fetch(request, limit))
    log.webhooks.push({ ...request, status: reply.status, twiml: reply.body })
    return reply
  }

  /** Sends a callback after the call. Only `close` waits for it, and a failure is only logged. */
  notify(request: Request): void {
    const { log, options } = this.#parts
    const sent = this.#gateway.fetch(request, AbortSignal.timeout(options.webhookTimeoutMs ?? 15_000)).then(
      (reply) => log.webhooks.push({ ...request, status: reply.status, twiml: reply.body }),
      (error: TwilioRefusal) => log.errors.push(error.logged)
    )
    this.#callbacks.push(sent)
  }

  begin(verb: Element): void {
    // The caller may have hung up between two verbs: a stream that was opened now would never be closed.
    if (this.#parts.hungUp.aborted) throw new CallOver()
    const { name, attributes, text } = verb
    this.#parts.log.verbs.push({ name, attributes, text })
    // A first <Reject> is never answered; a first <Pause> is waited for before Twilio picks up.
    if (name !== 'Reject' && name !== 'Pause') this.answer()
  }

  answer(): void {
    this.answeredMs ??= this.#parts.clock.nowMs
  }

  async say(text: string): Promise<void> {
    const { options, clock, log } = this.#parts
    log.said.push(text)
    if (!options.sayAloud) return
    const speech = await this.#unlessHungUp(speak(text))
    this.agentTape?.add(clock.nowMs, speech)
    await this.pause(durationMs(speech))
  }

  async pause(ms: number): Promise<void> {
    const { options, hungUp } = this.#parts
    await wait(ms / (options.pace ?? 1), undefined, { signal: hungUp }).catch(() => {
      throw new CallOver()
    })
  }

  async connect(element: Element, documentUrl: string): Promise<void> {
    const { log } = this.#parts
    const report = (event: string, error?: string) => this.#reportStream(element, documentUrl, event, error)
    try {
      const request = streamRequest(element)
      const stream = this.openStream(request)
      await this.#unlessHungUp(stream.opened)
      report('stream-started')
      this.note(await this.#unlessHungUp(stream.closed).finally(() => report('stream-stopped')))
    } catch (error) {
      if (!(error instanceof TwilioRefusal)) throw error
      log.errors.push(error.logged)
      report('stream-error', error.message)
    }
  }

  openStream({ url, customParameters, streamSid = newSid('MZ'), sendsStart = true }: OpenStream): StreamLeg {
    const { options, identity, log, clock, line } = this.#parts
    this.streamSid = streamSid
    this.customParameters = customParameters
    const remember = options.remember !== false
    this.stream = new StreamLeg({
      dialled: this.#gateway.dial(url, options.signSlash ? `${url}/` : url),
      streamSid,
      callSid: identity.callSid,
      accountSid: identity.accountSid,
      customParameters,
      sendsStart,
      returnsMarks: options.returnsMarks ?? true,
      loses: options.loses ?? (() => false),
      clock,
      line,
      heard: this.agentTape,
      firstTimestampMs: options.firstTimestamp ?? 155,
      handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
      spoke: remember ? { add: (atMs, frame) => this.#keepFrame(atMs, frame) } : undefined,
      onFrame: (frame) => {
        options.onFrame?.(frame)
        if (remember) log.frames.push(frame)
      },
      onError: (error) => log.errors.push(error)
    })
    const { stream } = this
    stream.opened.then(
      () => {
        this.startedMs ??= stream.startedMs
        this.#streaming.resolve()
      },
      () => {}
    )
    return stream
  }

  dial(verb: Element, documentUrl: string): Promise<Record<string, string>> {
    const { options, identity, log } = this.#parts
    return this.#unlessHungUp(
      dialNumbers(verb, documentUrl, {
        identity,
        log,
        pickUp: options.dial ?? (() => ({ status: 'completed' })),
        pause: (ms) => this.pause(ms),
        fetch: async (request) => parseReply(request.url, await this.request(request))
      })
    )
  }

  /** Adds Twilio's log line about a stream's end, also where the end was intended. */
  note(end: StreamEnd): void {
    const { notes } = this.#parts.log
    if (end.by === 'server') notes.push({ code: 31921, message: `Stream: server closed ${end.code} ${end.reason}` })
    if (end.by === 'network') notes.push({ code: 31903, message: 'Stream: broken pipe' })
  }

  /** Resolves when the last callback has been answered. */
  async close(): Promise<void> {
    this.#streaming.reject(new CallOver('The call ended without a stream.'))
    await Promise.all(this.#callbacks)
  }

  #keepFrame(atMs: number, frame: Buffer): void {
    this.spoke.push(frame)
    this.callerTape?.add(atMs, frame)
  }

  #reportStream(element: Element, documentUrl: string, event: string, error?: string): void {
    const { statusCallback, statusCallbackMethod, name = '' } = element.attributes
    if (!statusCallback) return
    const { accountSid, callSid } = this.#parts.identity
    this.notify({
      url: new URL(statusCallback, documentUrl).href,
      method: statusCallbackMethod === 'GET' ? 'GET' : 'POST',
      params: {
        AccountSid: accountSid,
        CallSid: callSid,
        StreamSid: this.streamSid ?? '',
        StreamName: name,
        StreamEvent: event,
        Timestamp: new Date().toISOString(),
        ...(error ? { StreamError: error } : {})
      }
    })
  }

  #unlessHungUp<T>(work: Promise<T>): Promise<T> {
    const { hungUp } = this.#parts
    return new Promise((resolve, reject) => {
      const stop = () => reject(new CallOver())
      if (hungUp.aborted) stop()
      hungUp.addEventListener('abort', stop, { once: true })
      work.then(resolve, reject).finally(() => hungUp.removeEventListener('abort', stop))
    })
  }
}

function parseReply(url: string, { status, contentType, body }: Reply): Element[] {
  if (status < 200 || status > 299)
    throw new TwilioRefusal(11200, `HTTP retrieval failure: ${url} answered ${status}`, status)
  if (!/^(text|application)\/xml\b/.test(contentType)) {
    throw new TwilioRefusal(12300, `Invalid Content-Type: ${url} answered "${contentType}"`, status)
  }
  return parseTwiml(body)
}
