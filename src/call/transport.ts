import type { EventEmitter } from 'node:events'
import type { RealtimeClientMessage } from '@openai/agents/realtime'
import { TwilioRealtimeTransportLayer } from '@openai/agents-extensions'
import type { WebSocket, MessageEvent as WsMessageEvent } from 'ws'
import { isUsed, type ModelEvents, parseEvent, typeOf, UnreadableEvent } from '../model/events.ts'
import type { ModelSocket } from '../model/socket.ts'
import type { MediaFrame } from '../twilio/frames.ts'
import { InputGaps } from '../twilio/input-gaps.ts'
import type { MediaStream } from '../twilio/media-stream.ts'
import type { Base64 } from '../wire/base64.ts'
import { audioDelta } from './deltas.ts'

interface Troubles {
  readonly onBadEvent: (error: unknown) => void
  readonly onFault: (error: unknown) => void
}

/** Events that the SDK does nothing with but pass them on: half of those that a turn and an answer bring. */
const PASSED_ON =
  /^\{"type":"(response\.content_part\.(?:added|done)|response\.output_audio_transcript\.done|rate_limits\.updated|input_audio_buffer\.(?:speech_stopped|committed))"/
/** What is said is told twice: of the answer, and of the conversation, from which the SDK's history has it with its place. */
const TOLD_TWICE = /^\{"type":"(response\.output_item\.(?:added|done))".*"type":"message"/s
/** Events that the SDK's socket listener reads a second time, once its base class is done with them, and finds nothing to do. */
const READ_ONCE =
  /^\{"type":"(?:session\.updated|conversation\.item\.(?:added|done|retrieved|truncated|deleted|input_audio_transcription\.completed)|response\.output_item\.(?:added|done)|response\.output_audio\.done)"/

type AudioDelta = ModelEvents['response.output_audio.delta']
type TranscriptDelta = ModelEvents['response.output_audio_transcript.delta']

/** Audio that is not decoded: the SDK reads its length, and encodes what is in it, which is nothing. */
class UnseenAudio extends ArrayBuffer {
  readonly #byteLength: number

  constructor(byteLength: number) {
    super(0)
    this.#byteLength = byteLength
  }

  override get byteLength(): number {
    return this.#byteLength
  }
}

/**
 * The SDK's Twilio transport between our two sockets: it is given the MediaStream in place of Twilio's and a ModelSocket
 * in place of the one it would open. Everything it does about formats, marks, `clear` and truncation is kept; three
 * things cannot be had from outside it and are done here.
 */
export class CallTransport extends TwilioRealtimeTransportLayer {
  readonly #gaps = new InputGaps((silence) => this.#append(silence))
  readonly #onBadEvent: (error: unknown) => void
  readonly #onFault: (error: unknown) => void
  readonly #answerDueMarks: () => void
  #model: ModelSocket | undefined
  readonly #forgotten = new Set<string>()
  /** The kinds of event that could not be read: each is reported once. */
  readonly #unreadable = new Set<string>()
  #lastEventAt = 0
  /** The item that the model spoke last. */
  #itemId: string | undefined
  /** The audio that the SDK is handling, as base64, when it was taken past it. */
  #payload: string | undefined
  #isSpeechStarting = false
  /** Asked when speech has just started: true lets playback go on, until `interrupt` is called. */
  holdInterruption: () => boolean = () => false

  /**
   * @param openSocket is asked once for each `connect()`, and answers with an open socket or a ModelError
   * @param troubles is told of events that the SDK throws on, and of what listeners of our own have thrown
   */
  constructor(stream: MediaStream, openSocket: () => Promise<ModelSocket>, troubles: Troubles) {
    const { addEventListener, send } = stream.transportSocket
    const sendAudio = (message: string) => {
      if (this.#payload !== undefined && message.startsWith('{"event":"media"')) stream.sendMedia(this.#payload)
      else send(message)
    }
    super({
      twilioWebSocket: { addEventListener, send: sendAudio } as unknown as WebSocket,
      createWebSocket: async () => {
        const socket = await openSocket()
        this.#model = socket
        socket.translate = (message, tell) => this.#read(message, tell)
        return socket as unknown as WebSocket
      },
      skipOpenEventListeners: true
    })
    this.#onBadEvent = troubles.onBadEvent
    this.#onFault = troubles.onFault
    this.#answerDueMarks = () => stream.answerDueMarks()
    stream.on('start', (frame) => this.#gaps.reset(frame.isMulaw8k))
    this.on('connection_change', (status) => {
      if (status === 'connecting') this.#gaps.restart()
    })
    this.onModel('response.output_audio.delta', ({ item_id }) => {
      this.#itemId = item_id
    })
    this.onModel('input_audio_buffer.speech_started', () => {
      this.#isSpeechStarting = true
      this.#gaps.speechStarted()
    })
    this.onModel('input_audio_buffer.speech_stopped', () => this.#gaps.speechStopped())
  }

  /** Listens to one kind of the model's events. Called before the SDK acts on it. */
  onModel<Type extends keyof ModelEvents>(type: Type, listener: (event: ModelEvents[Type]) => void): void {
    // The SDK emits every event under its own name too, but its types list only its own events.
    const contained = (event: ModelEvents[Type]) => {
      try {
        listener(event)
      } catch (error) {
        this.#onFault(error)
      }
    }
    this.eventEmitter.on(type as never, contained as never)
  }

  /** The model said something, whatever it was. */
  get lastEventAt(): number {
    return this.#lastEventAt
  }

  /** The frame's short way to the model: Twilio's base64 goes out as it came in. */
  sendFrame(frame: MediaFrame): void {
    this.#gaps.before(frame)
    this.#append(frame.audio)
  }

  /** The session whose listeners decide whether every message has to be whole. */
  session: EventEmitter | undefined

  /** Says whether anybody listens to raw events, now and whenever that changes: nothing is asked for each frame. */
  watchRawListeners(tell: (isHeard: boolean) => void): void {
    const look = () => tell(this.#hasRawListeners)
    const onChange = (name: string) => {
      // The listener is not there yet, or still is.
      if (name === 'transport_event' || name === '*') queueMicrotask(look)
    }
    for (const emitter of [this.eventEmitter as unknown as EventEmitter, this.session]) {
      emitter?.on('newListener', onChange).on('removeListener', onChange)
    }
    look()
  }

  /** Somebody but the session itself listens to raw events. */
  get #hasRawListeners(): boolean {
    return (this.session?.listenerCount('transport_event') ?? 0) > 0 || this.eventEmitter.listenerCount('*') > 1
  }

  /** Somebody wants the model's audio, or the messages that it comes in. */
  get #isListenedTo(): boolean {
    const { eventEmitter, session } = this
    return (
      this.#hasRawListeners || (session?.listenerCount('audio') ?? 0) > 0 || eventEmitter.listenerCount('audio') > 1
    )
  }

  /** A raw frame for whoever listens to the SDK's `transport_event`. */
  emitTwilioMessage(message: unknown): void {
    this.emit('*', { type: 'twilio_message', message })
  }

  /** A listener of raw events that throws is a fault like any other listener's, and the SDK still has to read the event. */
  override emit(...event: Parameters<TwilioRealtimeTransportLayer['emit']>): boolean {
    if (event[0] !== '*') return super.emit(...event)
    // Marks that the SDK is told of by the clock did not come from Twilio, and are no raw frame: those are numbered.
    const { message } = event[1] as { message?: { event?: string; sequenceNumber?: unknown } }
    if (message?.event === 'mark' && message.sequenceNumber === undefined) return false
    try {
      return super.emit(...event)
    } catch (error) {
      this.#onFault(error)
      return true
    }
  }

  /**
   * An event that the SDK's parser throws on would leave ws as an uncaught exception and the socket deaf (seen with a user item
   * without a `transcript`). Contained here, it costs that one event.
   */
  protected override _onMessage(event: MessageEvent | WsMessageEvent): void {
    try {
      super._onMessage(event)
    } catch (error) {
      this.#onBadEvent(error)
    }
  }

  /**
   * The one place where the model's events come in. The events that this server uses are checked here, before anybody
   * reads them. The SDK checks less: its socket listener reads `session.tracing` where `session` is null, and throws on
   * audio that is no base64.
   * @param tell gives a message to the SDK's socket listener, if anything is left for it to do
   */
  #read(message: string, tell: (message: string) => void): void {
    this.#lastEventAt = performance.now()
    const type = typeOf(message)
    if (type === 'response.output_audio.delta') return this.#readAudio(message, tell)
    const event = isUsed(type) ? parseEvent(type, message) : undefined
    if (isUsed(type) && !event) return this.#unread(type)
    if (this.#isListenedTo) return tell(message)
    try {
      if (this.#passedOn(message, event)) return
      if (type === 'response.output_audio_transcript.delta') return this.#takeTranscript(event as TranscriptDelta)
    } catch (error) {
      return this.#onBadEvent(error)
    }
    if (READ_ONCE.test(message)) this._onMessage({ data: message } as WsMessageEvent)
    else tell(message)
  }

  #readAudio(message: string, tell: (message: string) => void): void {
    const audio = audioDelta(message)
    if (!audio) return this.#unread('response.output_audio.delta')
    for (const delta of audio.pieces) {
      if (this.#isListenedTo) tell(JSON.stringify({ ...audio.event, delta }))
      else this.#takeAudio(audio.event, delta)
    }
  }

  /** The SDK would read it with a schema and copy it, to emit it under its name. */
  #passedOn(message: string, event: object | undefined): boolean {
    const type = (PASSED_ON.exec(message) ?? TOLD_TWICE.exec(message))?.[1]
    if (type === undefined) return false
    const isHeard = this.eventEmitter.listenerCount(type as never) > 0
    if (isHeard && event) this.emit(type as never, event as never)
    return !isHeard || event !== undefined
  }

  #takeTranscript(event: TranscriptDelta): void {
    const { item_id: itemId, response_id: responseId, delta } = event
    this.emit('response.output_audio_transcript.delta' as never, event as never)
    this.emit('audio_transcript_delta', { type: 'transcript_delta', itemId, responseId, delta })
  }

  /** What the SDK asks of audio is whose it is and how long: marks, truncation and everything else stay its own. */
  #takeAudio(event: AudioDelta, payload: string): void {
    this.#payload = payload
    try {
      this.emit('response.output_audio.delta' as never, event as never)
      const data = new UnseenAudio(Buffer.byteLength(payload, 'base64'))
      this._onAudio({ type: 'audio', data, responseId: event.response_id })
    } catch (error) {
      this.#onBadEvent(error)
    } finally {
      // Whatever a listener throws: audio that comes the long way next must not be taken for this.
      this.#payload = undefined
    }
  }

  #unread(type: keyof ModelEvents): void {
    if (this.#unreadable.has(type)) return
    this.#unreadable.add(type)
    this.#onBadEvent(new UnreadableEvent(type))
  }

  /** Set by the SDK's listener, which audio does not always pass. */
  protected override get currentItemId(): string | undefined {
    return this.#itemId
  }

  /** The SDK calls this in the same tick as `speech_started`, and whoever wants the agent to stop at any other time. */
  override interrupt(cancelOngoingResponse = true): void {
    const isAutomatic = this.#isSpeechStarting
    this.#isSpeechStarting = false
    if (isAutomatic && this.holdInterruption()) return
    this.#answerDueMarks()
    super.interrupt(cancelOngoingResponse)
  }

  /** Takes an item out of the conversation. */
  forget(itemId: string): void {
    this.#forgotten.add(itemId)
    this.sendEvent({ type: 'conversation.item.delete', item_id: itemId })
  }

  /** The SDK asks for an item once its words have come, also for one that is gone by then: an error of the model's. */
  override sendEvent(event: RealtimeClientMessage): void {
    if (event.type === 'conversation.item.retrieve' && this.#forgotten.has(event['item_id'])) return
    super.sendEvent(event)
  }

  #append(audio: Base64): void {
    if (this.status === 'connected') this.#model?.appendAudio(audio)
  }
}
