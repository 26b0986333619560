import type { WebSocket } from 'ws'
import { Inbox, NothingCame } from '../inbox.ts'
import { ApiError, alreadyActive } from './api-error.ts'
import type { Reply } from './brain.ts'
import {
  type ClientEvent,
  type ClientEventOf,
  parseClientEvent,
  parseJson,
  type RawEvent,
  type ResponseParams,
  readAppend
} from './client-events.ts'
import { Conversation, type MessageItem } from './conversation.ts'
import { newId } from './ids.ts'
import { InputAudio } from './input-audio.ts'
import type { Line, SessionKnobs } from './line.ts'
import type { ResponseFailure, ResponseOutcome } from './response.ts'
import { Responses } from './responses.ts'
import { newSessionConfig, type SessionConfig, updated } from './session-config.ts'
import { Transcripts } from './transcripts.ts'
import { turnOf } from './turn.ts'
import { type SentError, type ServerEvent, Wire } from './wire.ts'

export type Muted = 'session.created' | 'session.updated' | 'response'

/** What a session needs of its model. */
export interface SessionHost {
  readonly knobs: SessionKnobs
  readonly sessionMs: number
  mutes(what: Muted): boolean
  /** Words for a finished turn; undefined when there are none. */
  nextWords(): string | undefined
  fail(message: string): void
  /** Resets the connection under the session's socket. */
  reset(): void
}

const EXPIRED = 'Your session hit the maximum duration of 60 minutes.'
/** A scene waits this long for the client to configure its session. */
const CONFIGURED_LIMIT_MS = 2_000

/** One session of the model: the API on its socket, and methods by which tests play scenes. */
export class PracticeSession implements Line {
  readonly id: string = newId('sess')
  /** Every well-formed client event but `input_audio_buffer.append`; for those see `audio` and `appends`. */
  readonly received: Inbox<ClientEvent> = new Inbox(`client events of ${this.id}`)
  /** Every event that the model sent, except audio deltas. */
  readonly sent: Inbox<ServerEvent>
  /** Every `error` event that the model sent. */
  readonly errors: readonly SentError[]
  readonly closed: Promise<{ code: number; reason: string }>
  readonly conversation = new Conversation()
  readonly knobs: SessionKnobs
  #config: SessionConfig
  readonly #told = new Set<string>()
  readonly #configured = Promise.withResolvers<void>()
  readonly #wire: Wire
  readonly #host: SessionHost
  readonly #input: InputAudio
  readonly #responses: Responses
  readonly #transcripts: Transcripts

  constructor(socket: WebSocket, host: SessionHost, model: string) {
    this.#host = host
    this.knobs = host.knobs
    this.#wire = new Wire(socket, this.id)
    this.sent = this.#wire.sent
    this.errors = this.#wire.errors
    this.closed = this.#wire.closed
    this.#config = newSessionConfig(this.id, model, Math.floor((Date.now() + host.sessionMs) / 1000))
    this.#responses = new Responses(this)
    this.#transcripts = new Transcripts(this, () => host.nextWords())
    this.#input = new InputAudio(this, {
      onSpeech: () => this.#interrupt(),
      onTurn: (item, byVoice) => this.#endTurn(item, byVoice)
    })
    void this.closed.then(() => this.#responses.abandon())
    this.#wire.onMessage((text, isBinary) => this.#receive(text, isBinary))
    // The longest delay of a timer is some 25 days.
    this.#wire.after(Math.min(host.sessionMs, 2 ** 31 - 1), () => this.#expire())
    if (!host.mutes('session.created')) this.emit('session.created', { session: this.#config })
  }

  /** The effective session, as session.updated reports it. */
  get config(): SessionConfig {
    return this.#config
  }

  /** All bytes the client appended so far, in order. */
  get audio(): Buffer {
    return this.#input.tape.slice()
  }

  get audioMs(): number {
    return this.#input.tape.ms
  }

  get appends(): number {
    return this.#input.appends
  }

  /** The response that is being generated; undefined when there is none. */
  get activeResponseId(): string | undefined {
    return this.#responses.active?.id
  }

  /** The next client event of this type, its fields typed. @throws NothingCame */
  async receives<T extends ClientEvent['type']>(
    type: T,
    wants: (event: ClientEventOf<T>) => boolean = () => true,
    limitMs?: number
  ): Promise<ClientEventOf<T>> {
    const is = (event: ClientEvent) => event.type === type && wants(event as ClientEventOf<T>)
    return (await this.received.next(is, limitMs)) as ClientEventOf<T>
  }

  /** Gives a spoken response, after a running one. Resolves at response.done. */
  say(what: string | { ms: number; transcript?: string }): Promise<ResponseOutcome> {
    if (typeof what === 'string') return this.#perform([{ say: what }])
    const { ms, ...words } = what
    return this.#perform([{ tone: ms, ...words }])
  }

  /**
   * Gives a response that calls a tool.
   * @param args a string is sent unchanged, for arguments that are not JSON
   * @returns the call's id, at response.done
   */
  async callTool(
    name: string,
    args: Record<string, unknown> | string = {},
    options: { callId?: string; say?: string } = {}
  ): Promise<string> {
    const callId = options.callId ?? newId('call')
    const speech: Reply[] = options.say === undefined ? [] : [{ say: options.say }]
    await this.#perform([...speech, { callTool: name, arguments: args, callId }])
    return callId
  }

  /**
   * The caller begins to speak and goes on until `hearSilence`, whatever sound is on the line.
   * @returns the coming item's id
   */
  hearSpeech(): string {
    return this.#input.startSpeech(this.audioMs, true)
  }

  /** The caller stops speaking. @param transcript the words of this turn */
  hearSilence(transcript?: string): void {
    if (transcript !== undefined) this.#transcripts.addFirst(transcript)
    this.#input.stopSpeech(this.audioMs)
  }

  /** Gives the words of the next finished turn of this session, before those given to the model. */
  hearWords(text: string): void {
    this.#transcripts.add(text)
  }

  /** Sends any text unchanged; an object gets an event_id if it has none. */
  send(event: object | string): void {
    this.#wire.write(typeof event === 'string' ? event : JSON.stringify({ event_id: newId('event'), ...event }))
  }

  /** Closes with a code; without one the connection is cut, and the peer sees 1006. */
  drop(code?: number, reason?: string): void {
    this.#wire.close(code, reason)
  }

  /** A TCP reset: no close frame, and data on its way is lost. */
  reset(): void {
    this.#host.reset()
  }

  /** Sends nothing any more, not even a pong. The socket stays open. */
  freeze(): void {
    this.#wire.freeze()
  }

  /** Makes the running response, or else the next one, end as failed. */
  failResponse(error: ResponseFailure): void {
    this.#responses.fail(error)
  }

  /** Stops the running response at once, or else the next one half-way: no more deltas, no done. */
  stallResponse(): void {
    this.#responses.stall()
  }

  /** Part of `Line`. For an event of its own a test uses `send`. */
  emit(type: string, fields: object): void {
    this.#wire.emit(type, fields)
  }

  #receive(text: string, isBinary: boolean): void {
    let raw: RawEvent = {}
    try {
      if (isBinary) throw binaryRefused()
      raw = parseJson(text)
      if (raw['type'] === 'input_audio_buffer.append') this.#append(raw)
      else this.#handle(parseClientEvent(raw))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#refuse(error, typeof raw['event_id'] === 'string' ? raw['event_id'] : null)
    }
  }

  #refuse(error: ApiError, eventId: string | null): void {
    if (error.fault) this.#host.fail(`${error.code}: ${error.message}`)
    this.#wire.refuse(error, eventId)
  }

  #append(raw: RawEvent): void {
    const audio = readAppend(raw)
    this.#checkFormat('input')
    this.#input.append(audio)
  }

  #handle(event: ClientEvent): void {
    this.received.push(event)
    switch (event.type) {
      case 'session.update':
        return this.#update(event)
      case 'input_audio_buffer.commit':
        return this.#input.commit()
      case 'input_audio_buffer.clear':
        return this.#input.clear()
      case 'conversation.item.create':
        return this.#createItem(event)
      case 'conversation.item.retrieve':
        return this.emit('conversation.item.retrieved', { item: this.conversation.retrieve(event.item_id) })
      case 'conversation.item.delete':
        this.conversation.delete(event.item_id)
        return this.emit('conversation.item.deleted', { item_id: event.item_id })
      case 'conversation.item.truncate':
        return this.#truncate(event)
      case 'response.create':
        return this.#createResponse(event.response ?? {})
      case 'response.cancel':
        return this.#responses.cancel(event.response_id)
    }
  }

  #update({ session }: ClientEventOf<'session.update'>): void {
    this.#config = updated(this.#config, session, this.conversation.assistantSpoke)
    if (session.audio) this.#configured.resolve()
    if (!this.#host.mutes('session.updated')) this.emit('session.updated', { session: this.#config })
  }

  #createItem({ item: written, previous_item_id: after }: ClientEventOf<'conversation.item.create'>): void {
    const { item, previousId: previous_item_id } = this.conversation.addFromClient(written, after)
    this.emit('conversation.item.added', { previous_item_id, item })
    this.emit('conversation.item.done', { previous_item_id, item })
  }

  #truncate({ item_id, content_index, audio_end_ms }: ClientEventOf<'conversation.item.truncate'>): void {
    const lengthMs = Math.floor(this.conversation.audioMs(item_id))
    const cutAt = this.conversation.truncate(item_id, audio_end_ms)
    if (audio_end_ms > lengthMs) {
      // As traced: the API sends the error and truncates nevertheless.
      const message = `Audio content of ${lengthMs}ms is already shorter than ${audio_end_ms}ms`
      this.#refuse(new ApiError('invalid_value', message), null)
    }
    this.emit('conversation.item.truncated', { item_id, content_index, audio_end_ms: cutAt })
  }

  #interrupt(): void {
    if (this.#config.audio.input.turn_detection?.interrupt_response) this.#responses.active?.cancel('turn_detected')
  }

  #endTurn({ id }: MessageItem, byVoice: boolean): void {
    this.#transcripts.take(id)
    if (this.knobs.transcriptionMs > 0) this.#wire.after(this.knobs.transcriptionMs, () => this.#transcripts.tell(id))
    else this.#transcripts.tell(id)
    if (byVoice && this.#config.audio.input.turn_detection?.create_response) this.#answerTurn()
  }

  #answerTurn(): void {
    const { active } = this.#responses
    if (!active) this.#createResponse({})
    else if (this.knobs.whenBusy === 'error') this.#refuse(alreadyActive(active.id), null)
    else void active.done.then(() => this.#responses.active || this.#createResponse({}))
  }

  #createResponse(params: ResponseParams): void {
    this.#responses.refuseSecond(params)
    if (this.#host.mutes('response') || !this.#checkFormat('output')) return
    const { brain } = this.knobs
    this.#responses.start(params, () =>
      brain(turnOf(this.#config, this.conversation.items, params, this.#transcripts.heard))
    )
  }

  async #perform(replies: Reply[]): Promise<ResponseOutcome> {
    await this.#untilConfigured()
    await this.#responses.idle()
    if (!this.#checkFormat('output')) throw new Error('The session is not audio/pcmu: nothing is said on it.')
    return this.#responses.start({}, () => replies).done
  }

  /** Waits for the client's configuration, because a scene may begin before it. */
  async #untilConfigured(): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const message = `${this.id}: no session.update with audio within ${CONFIGURED_LIMIT_MS} ms`
    const timer = setTimeout(() => reject(new NothingCame(message)), CONFIGURED_LIMIT_MS)
    await Promise.race([this.#configured.promise, late]).finally(() => clearTimeout(timer))
  }

  /**
   * Any format but mu-law is noise on a phone. Reported once for each direction, because appends come 50 times a
   * second.
   */
  #checkFormat(direction: 'input' | 'output'): boolean {
    const { type } = this.#config.audio[direction].format
    if (type === 'audio/pcmu') return true
    const message = `The session's audio.${direction}.format is ${type}, not audio/pcmu: noise on a phone line.`
    if (!this.#told.has(direction)) this.#refuse(new ApiError('invalid_audio_format', message, { fault: true }), null)
    this.#told.add(direction)
    return false
  }

  #expire(): void {
    this.#wire.refuse(new ApiError('session_expired', EXPIRED), null)
    this.#wire.close(1001, EXPIRED)
  }
}

function binaryRefused(): ApiError {
  const message = 'Expected a text WebSocket message; binary frames are not supported.'
  return new ApiError('invalid_event', message, { fault: true })
}
