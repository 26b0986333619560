import type { RealtimeClientMessage } from '@openai/agents/realtime'
import { TwilioRealtimeTransportLayer } from '@openai/agents-extensions'
import type { WebSocket, MessageEvent as WsMessageEvent } from 'ws'
import type { AudioFrame } from '../call/caller-leg.ts'
import { contain, tell } from '../call/contain.ts'
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
type AudioDone = ModelEvents['response.output_audio.done']
type TranscriptDelta = ModelEvents['response.output_audio_transcript.delta']
type Retrieval = ModelEvents['conversation.item.truncated'] & { readonly type: string }
type Listener = (event: never) => void

/** A buffer with the length of audio that was not decoded: the SDK reads the length, and encodes an empty payload. */
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
 * The SDK's Twilio transport between this server's two sockets: it gets the caller's leg in place of Twilio's socket,
 * and a ModelSocket in place of its own. It handles formats, marks, `clear` and truncation as ever. The methods below
 * do what cannot be done from outside the SDK.
 */
export class CallTransport extends TwilioRealtimeTransportLayer {
  /** Asked when speech has just started: true lets playback go on, until `interrupt` is called. */
  holdInterruption: () => boolean = () => false
  readonly #call: CallSide
  readonly #isListenedTo: boolean
  readonly #onFault = (error: unknown): void => this.#call.fail(error)
  readonly #facade: TwilioFacade
  /** The item that the model spoke last. */
  readonly #spoken: { itemId?: string }
  readonly #gaps = new InputGaps((silence) => this.#append(silence))
  readonly #listeners = new Map<string, Listener[]>()
  readonly #forgotten = new Set<string>()
  /** The types of events that could not be read. Each type is reported once. */
  readonly #unreadable = new Set<string>()
  #model: ModelSocket | undefined
  #lastAnswerAt = 0
  #isSpeechStarting = false

  /**
   * @param isListenedTo every event passes the SDK in full, so that its session emits it
   * @param openSocket called once for each `connect()`; resolves to an open socket or rejects with a ModelError
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

  /** Listens to one type of the model's events. The listener is called before the SDK acts on the event. */
  onModel<Type extends keyof ModelEvents>(type: Type, listener: (event: ModelEvents[Type]) => void): void {
    const listeners = this.#listeners.get(type) ?? []
    this.#listeners.set(type, listeners)
    listeners.push(listener)
  }

  /** When the last event of an answer came, on the clock of `performance.now()`. */
  get lastAnswerAt(): number {
    return this.#lastAnswerAt
  }

  /** Sends a frame to the model without the SDK: Twilio's base64 is sent unchanged. */
  sendFrame(frame: AudioFrame): void {
    this.#gaps.before(frame)
    this.#append(frame.audio)
  }

  /** No more audio comes of the item that was being spoken. */
  modelLost(): void {
    this.#facade.modelLost()
  }

  /** Removes an item from the conversation. */
  forget(itemId: string): void {
    this.#forgotten.add(itemId)
    this.sendEvent({ type: 'conversation.item.delete', item_id: itemId })
  }

  /** Reads a message that came after the call was over. Only transcriptions of the caller's words are used. */
  readWords(message: string): void {
    const type = typeOf(message)
    if (!type?.startsWith('conversation.item.input_audio_transcription.') || !isUsed(type)) return
    const event = parseEvent(type, message)
    if (event) this.#tellOurs(type, event)
  }

  /**
   * The SDK calls this in the same tick as `speech_started`. Any other call comes from code that wants the agent to
   * stop.
   */
  override interrupt(cancelOngoingResponse = true): void {
    const isAutomatic = this.#isSpeechStarting
    this.#isSpeechStarting = false
    if (isAutomatic && this.holdInterruption()) return
    // The SDK computes now how much was heard.
    this.#call.caller.settle()
    super.interrupt(cancelOngoingResponse)
  }

  /** The SDK retrieves an item when its transcription has come. For a deleted item the model would send an error. */
  override sendEvent(event: RealtimeClientMessage): void {
    if (event.type === 'conversation.item.retrieve' && this.#forgotten.has(event['item_id'])) return
    super.sendEvent(event)
  }

  /** An exception of a raw-event listener is reported as a fault. The SDK still has to read the event. */
  override emit(...event: Parameters<TwilioRealtimeTransportLayer['emit']>): boolean {
    if (event[0] !== '*') return super.emit(...event)
    // The facade's frames are not Twilio's own. passRawFrames passes Twilio's.
    if (this.#facade.isTelling) return false
    contain(
      () => super.emit(...event),
      (error) => this.#call.fail(error)
    )
    return true
  }

  /** The SDK's listener sets its own value, but audio does not always pass that listener. */
  protected override get currentItemId(): string | undefined {
    return this.#spoken.itemId
  }

  /**
   * Contains what the SDK's parser throws (seen with a user item without a `transcript`). Uncaught in ws, it would
   * leave the socket deaf. Contained, only this event is lost.
   */
  protected override _onMessage(event: MessageEvent | WsMessageEvent): void {
    try {
      super._onMessage(event)
    } catch (error) {
      this.#onBadEvent({ err: withoutQuote(error) })
    }
  }

  /**
   * Every event of the model's passes here. Events that this server uses are checked before anything reads them. The
   * SDK checks less: its socket listener reads `session.tracing` where `session` is null, and throws on audio that is
   * not base64.
   * @param tell gives a message to the SDK's socket listener
   */
  #read(message: string, tell: (message: string) => void): void {
    const type = typeOf(message)
    if (type?.startsWith('response.')) this.#lastAnswerAt = performance.now()
    if (type === 'response.output_audio.delta') return this.#readAudio(message, tell)
    let event: ModelEvents[keyof ModelEvents] | undefined
    if (isUsed(type)) {
      event = parseEvent(type, message)
      if (!event) return this.#onUnreadable(type, message)
      this.#tellOurs(type, event)
    }
    if (this.#isListenedTo) return tell(message)
    try {
      switch (wayOf(type, message)) {
        case 'nothing':
          return
        case 'words':
          return this.#takeTranscript(event as TranscriptDelta)
        case 'audio done':
          return this.#takeAudioDone(event as AudioDone)
        case 'retrieval':
          return this.#takeRetrieval(event as Retrieval)
        case 'once':
          return this._onMessage({ data: message } as WsMessageEvent)
        default:
          tell(message)
      }
    } catch (error) {
      this.#onBadEvent({ err: withoutQuote(error) })
    }
  }

  #readAudio(message: string, tell: (message: string) => void): void {
    const audio = audioDelta(message)
    if (!audio) return this.#onUnreadable('response.output_audio.delta', message)
    if (this.#spoken.itemId !== audio.event.item_id) {
      this.#spoken.itemId = audio.event.item_id
      this.#call.journal.emit({ type: 'answer_audio', turn: audio.event.item_id })
    }
    for (const delta of audio.pieces) {
      if (this.#isListenedTo) tell(JSON.stringify({ ...audio.event, delta }))
      else this.#takeAudio(audio.event, delta)
    }
  }

  /**
   * The SDK needs the item and the length of audio. The audio itself goes to the caller's leg as base64, without the
   * SDK.
   */
  #takeAudio(event: AudioDelta, payload: string): void {
    this.#facade.nextPayload = payload
    try {
      this.emit('response.output_audio.delta' as never, event as never)
      const data = new UnseenAudio(Buffer.byteLength(payload, 'base64'))
      this._onAudio({ type: 'audio', data, responseId: event.response_id })
    } catch (error) {
      this.#onBadEvent({ err: withoutQuote(error) })
    } finally {
      // Also when a listener throws: audio that passes the SDK in full must not be replaced by this payload.
      this.#facade.nextPayload = undefined
    }
  }

  #takeTranscript({ item_id: itemId, response_id: responseId, delta }: TranscriptDelta): void {
    this.emit('audio_transcript_delta', { type: 'transcript_delta', itemId, responseId, delta })
  }

  #takeAudioDone(event: AudioDone): void {
    this.emit('response.output_audio.done' as never, event as never)
    this.emit('audio_done')
    this._afterAudioDoneEvent()
  }

  #takeRetrieval(event: Retrieval): void {
    this.emit('*', event)
    this.sendEvent({ type: 'conversation.item.retrieve', item_id: event.item_id })
  }

  #tellOurs<Type extends keyof ModelEvents>(type: Type, event: ModelEvents[Type]): void {
    for (const listener of this.#listeners.get(type) ?? []) tell(listener, event as never, this.#onFault)
  }

  /** Passes an unreadable event to raw-event listeners, but not to the SDK. */
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
