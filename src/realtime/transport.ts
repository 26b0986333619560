import type { RealtimeClientMessage } from '@openai/agents/realtime'
import { TwilioRealtimeTransportLayer } from '@openai/agents-extensions'
import type { WebSocket, MessageEvent as WsMessageEvent } from 'ws'
import type { AudioFrame } from '../call/caller-leg.ts'
import { contain } from '../call/contain.ts'
import type { CallSide } from '../call/model-leg.ts'
import type { Base64 } from '../wire/base64.ts'
import { audioDelta } from './audio-delta.ts'
import { withoutQuote } from './errors.ts'
import { isUsed, type ModelEvents, parseEvent, typeOf } from './events.ts'
import { InputGaps } from './input-gaps.ts'
import { wayOf } from './short-way.ts'
import type { ModelSocket } from './socket.ts'
import { type TwilioFacade, twilioFacade } from './twilio-facade.ts'

type AudioDelta = ModelEvents['response.output_audio.delta']
type TranscriptDelta = ModelEvents['response.output_audio_transcript.delta']
type Listener = (event: never) => void

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
 * The SDK's Twilio transport between the two sockets of this server: it is given the caller's leg in place of Twilio's
 * socket, and a ModelSocket in place of the one it would open. Everything it does about formats, marks, `clear` and
 * truncation is kept; what cannot be had from outside it is done here.
 */
export class CallTransport extends TwilioRealtimeTransportLayer {
  /** Asked when speech has just started: true lets playback go on, until `interrupt` is called. */
  holdInterruption: () => boolean = () => false
  readonly #call: CallSide
  readonly #isListenedTo: boolean
  readonly #facade: TwilioFacade
  /** The item that the model spoke last. */
  readonly #spoken: { itemId?: string }
  readonly #gaps = new InputGaps((silence) => this.#append(silence))
  readonly #listeners = new Map<string, Listener[]>()
  readonly #forgotten = new Set<string>()
  /** The kinds of event that could not be read: each is reported once. */
  readonly #unreadable = new Set<string>()
  #model: ModelSocket | undefined
  #lastAnswerAt = 0
  #isSpeechStarting = false

  /**
   * @param isListenedTo events take the SDK's long way, on which its session tells every one of them
   * @param openSocket is asked once for each `connect()`, and answers with an open socket or a ModelError
   */
  constructor(call: CallSide, isListenedTo: boolean, openSocket: () => Promise<ModelSocket>) {
    const spoken: { itemId?: string } = {}
    const facade = twilioFacade(call.caller, () => spoken.itemId)
    super({
      twilioWebSocket: facade as unknown as WebSocket,
      createWebSocket: async () => {
        const socket = await openSocket()
        this.#model = socket
        socket.translate = (message, tell) => this.#read(message, tell)
        return socket as unknown as WebSocket
      },
      skipOpenEventListeners: true
    })
    this.#call = call
    this.#isListenedTo = isListenedTo
    this.#facade = facade
    this.#spoken = spoken
    call.caller.on('start', ({ isMulaw8k }) => this.#gaps.reset(isMulaw8k))
    this.on('connection_change', (status) => {
      if (status === 'connecting') this.#gaps.restart()
    })
    this.onModel('input_audio_buffer.speech_started', () => {
      this.#isSpeechStarting = true
      this.#gaps.speechStarted()
    })
    this.onModel('input_audio_buffer.speech_stopped', () => this.#gaps.speechStopped())
  }

  /** Listens to one kind of the model's events. Called before the SDK acts on it. */
  onModel<Type extends keyof ModelEvents>(type: Type, listener: (event: ModelEvents[Type]) => void): void {
    const listeners = this.#listeners.get(type) ?? []
    this.#listeners.set(type, listeners)
    listeners.push(listener)
  }

  /** When the last event of an answer came, on the clock of `performance.now()`. */
  get lastAnswerAt(): number {
    return this.#lastAnswerAt
  }

  /** The frame's short way to the model: Twilio's base64 goes out as it came in. */
  sendFrame(frame: AudioFrame): void {
    this.#gaps.before(frame)
    this.#append(frame.audio)
  }

  /** Nothing more comes of the item that was being spoken. */
  modelLost(): void {
    this.#facade.modelLost()
  }

  /** Takes an item out of the conversation. */
  forget(itemId: string): void {
    this.#forgotten.add(itemId)
    this.sendEvent({ type: 'conversation.item.delete', item_id: itemId })
  }

  /** A message that came after the call was over: of all that it may say only the caller's words are wanted. */
  readWords(message: string): void {
    const type = typeOf(message)
    if (!type?.startsWith('conversation.item.input_audio_transcription.') || !isUsed(type)) return
    const event = parseEvent(type, message)
    if (event) this.#tellOurs(type, event)
  }

  /** The SDK calls this in the same tick as `speech_started`, and whoever wants the agent to stop at any other time. */
  override interrupt(cancelOngoingResponse = true): void {
    const isAutomatic = this.#isSpeechStarting
    this.#isSpeechStarting = false
    if (isAutomatic && this.holdInterruption()) return
    // The SDK asks itself now how much was heard.
    this.#call.caller.settle()
    super.interrupt(cancelOngoingResponse)
  }

  /** The SDK asks for an item once its words have come, also for one that is gone by then: an error of the model's. */
  override sendEvent(event: RealtimeClientMessage): void {
    if (event.type === 'conversation.item.retrieve' && this.#forgotten.has(event['item_id'])) return
    super.sendEvent(event)
  }

  /** A listener of raw events that throws is a fault like any other listener's, and the SDK still has to read the event. */
  override emit(...event: Parameters<TwilioRealtimeTransportLayer['emit']>): boolean {
    if (event[0] !== '*') return super.emit(...event)
    // What the SDK is told by the facade did not come from Twilio like this; passRawFrames has what did.
    if (this.#facade.isTelling) return false
    contain(
      () => super.emit(...event),
      (error) => this.#call.fail(error)
    )
    return true
  }

  /** Set by the SDK's listener, which audio does not always pass. */
  protected override get currentItemId(): string | undefined {
    return this.#spoken.itemId
  }

  /**
   * An event that the SDK's parser throws on would leave ws as an uncaught exception and the socket deaf (seen with a user item
   * without a `transcript`). Contained here, it costs that one event.
   */
  protected override _onMessage(event: MessageEvent | WsMessageEvent): void {
    try {
      super._onMessage(event)
    } catch (error) {
      this.#onBadEvent({ err: withoutQuote(error) })
    }
  }

  /**
   * The one place where the model's events come in. Those that this server uses are checked here, before anybody reads
   * them. The SDK checks less: its socket listener reads `session.tracing` where `session` is null, and throws on audio
   * that is no base64.
   * @param tell gives a message to the SDK's socket listener
   */
  #read(message: string, tell: (message: string) => void): void {
    const type = typeOf(message)
    if (type?.startsWith('response.')) this.#lastAnswerAt = performance.now()
    if (type === 'response.output_audio.delta') return this.#readAudio(message, tell)
    const event = isUsed(type) ? parseEvent(type, message) : undefined
    if (isUsed(type) && !event) return this.#onUnreadable(type, message)
    if (isUsed(type) && event) this.#tellOurs(type, event)
    if (this.#isListenedTo) return tell(message)
    switch (wayOf(type, message)) {
      case 'nothing':
        return
      case 'words':
        return this.#takeTranscript(event as TranscriptDelta)
      case 'once':
        return this._onMessage({ data: message } as WsMessageEvent)
      default:
        tell(message)
    }
  }

  #readAudio(message: string, tell: (message: string) => void): void {
    const audio = audioDelta(message)
    if (!audio) return this.#onUnreadable('response.output_audio.delta', message)
    this.#spoken.itemId = audio.event.item_id
    for (const delta of audio.pieces) {
      if (this.#isListenedTo) tell(JSON.stringify({ ...audio.event, delta }))
      else this.#takeAudio(audio.event, delta)
    }
  }

  /** What the SDK asks of audio is whose it is and how long: it goes past the SDK to the caller's leg, as base64. */
  #takeAudio(event: AudioDelta, payload: string): void {
    this.#facade.nextPayload = payload
    try {
      this.emit('response.output_audio.delta' as never, event as never)
      const data = new UnseenAudio(Buffer.byteLength(payload, 'base64'))
      this._onAudio({ type: 'audio', data, responseId: event.response_id })
    } catch (error) {
      this.#onBadEvent({ err: withoutQuote(error) })
    } finally {
      // Whatever a listener throws: audio that comes the long way next must not be taken for this.
      this.#facade.nextPayload = undefined
    }
  }

  #takeTranscript({ item_id: itemId, response_id: responseId, delta }: TranscriptDelta): void {
    this.emit('audio_transcript_delta', { type: 'transcript_delta', itemId, responseId, delta })
  }

  #tellOurs<Type extends keyof ModelEvents>(type: Type, event: ModelEvents[Type]): void {
    for (const listener of this.#listeners.get(type) ?? []) {
      contain(
        () => listener(event as never),
        (error) => this.#call.fail(error)
      )
    }
  }

  /** The SDK does not get to read it; whoever listens to raw events does. */
  #onUnreadable(type: keyof ModelEvents, message: string): void {
    if (this.#isListenedTo)
      contain(
        () => this.emit('*', JSON.parse(message)),
        () => {}
      )
    if (this.#unreadable.has(type)) return
    this.#unreadable.add(type)
    this.#onBadEvent({ event: type })
  }

  #onBadEvent(fields: object): void {
    this.#call.log.warn(fields, 'the SDK could not read an event')
  }

  #append(audio: Base64): void {
    if (this.status === 'connected') this.#model?.appendAudio(audio)
  }
}
