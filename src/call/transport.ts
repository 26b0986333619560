import type { EventEmitter } from 'node:events'
import type { RealtimeClientMessage, TransportLayerAudio } from '@openai/agents/realtime'
import { TwilioRealtimeTransportLayer } from '@openai/agents-extensions'
import type { WebSocket, MessageEvent as WsMessageEvent } from 'ws'
import type { ModelEvents } from '../model/events.ts'
import type { ModelSocket } from '../model/socket.ts'
import type { MediaFrame } from '../twilio/frames.ts'
import { InputGaps } from '../twilio/input-gaps.ts'
import type { MediaStream } from '../twilio/media-stream.ts'
import { AudioShortcut } from './audio-shortcut.ts'

interface Troubles {
  readonly onBadEvent: (error: unknown) => void
  readonly onFault: (error: unknown) => void
}

/** Events that change nothing in the SDK: a third of those that an answer brings. */
const UNHEARD =
  /^\{"type":"(response\.content_part\.(?:added|done)|response\.output_audio_transcript\.done|rate_limits\.updated)"/

/**
 * The SDK's Twilio transport between our two sockets: it is given the MediaStream in place of Twilio's and a ModelSocket
 * in place of the one it would open. Everything it does about formats, marks, `clear` and truncation is kept; three
 * things cannot be had from outside it and are done here.
 */
export class CallTransport extends TwilioRealtimeTransportLayer {
  readonly #gaps = new InputGaps((silence) => this.#append(silence))
  readonly #shortcut: AudioShortcut
  readonly #onBadEvent: (error: unknown) => void
  readonly #onFault: (error: unknown) => void
  #model: ModelSocket | undefined
  readonly #forgotten = new Set<string>()
  #lastEventAt = 0
  #isSpeechStarting = false
  /** Asked when speech has just started: true lets playback go on, until `interrupt` is called. */
  holdInterruption: () => boolean = () => false

  /**
   * @param openSocket is asked once for each `connect()`, and answers with an open socket or a ModelError
   * @param troubles is told of events that the SDK throws on, and of what listeners of our own have thrown
   */
  constructor(stream: MediaStream, openSocket: () => Promise<ModelSocket>, troubles: Troubles) {
    const shortcut = new AudioShortcut()
    const { addEventListener, send } = stream.transportSocket
    const sendAudio = (message: string) => {
      const isAudio = shortcut.payload !== undefined && message.startsWith('{"event":"media"')
      if (isAudio) stream.sendMedia(shortcut.payload)
      else send(message)
    }
    super({
      twilioWebSocket: { addEventListener, send: sendAudio } as unknown as WebSocket,
      createWebSocket: async () => {
        const socket = await openSocket()
        this.#model = socket
        socket.translate = (message) => this.#shorten(message)
        return socket as unknown as WebSocket
      },
      skipOpenEventListeners: true
    })
    this.#shortcut = shortcut
    this.#onBadEvent = troubles.onBadEvent
    this.#onFault = troubles.onFault
    stream.on('start', (frame) => this.#gaps.reset(frame.isMulaw8k))
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
    this.#append(frame.payload)
  }

  /** The session has attached its listeners, this one among them. */
  get hasSession(): boolean {
    return this.eventEmitter.listenerCount('mcp_tools_listed') > 0
  }

  /** The session whose listeners decide whether every message has to be whole. */
  session: EventEmitter | undefined

  /** Somebody but the session itself listens to raw events. */
  get hasRawListeners(): boolean {
    return (this.session?.listenerCount('transport_event') ?? 0) > 0 || this.eventEmitter.listenerCount('*') > 1
  }

  /** Somebody wants the model's audio, or the messages that it comes in. */
  get #isListenedTo(): boolean {
    const { eventEmitter, session } = this
    return this.hasRawListeners || (session?.listenerCount('audio') ?? 0) > 0 || eventEmitter.listenerCount('audio') > 1
  }

  /** A raw frame for whoever listens to the SDK's `transport_event`. */
  emitTwilioMessage(message: unknown): void {
    this.emit('*', { type: 'twilio_message', message })
  }

  /**
   * An event that the SDK's parser throws on would leave ws as an uncaught exception and the socket deaf (seen with a user item
   * without a `transcript`). Contained here, it costs that one event.
   */
  protected override _onMessage(event: MessageEvent | WsMessageEvent): void {
    this.#lastEventAt = performance.now()
    try {
      if (this.#shortcut.payload === undefined) super._onMessage(event)
      // Whose audio it is: all that this layer asks of the event. Nobody else listens, or it would not have been shortened.
      else this.emit('response.output_audio.delta' as never, JSON.parse(String(event.data)) as never)
    } catch (error) {
      this.#onBadEvent(error)
    }
  }

  protected override _onAudio(event: TransportLayerAudio): void {
    if (this.#shortcut.payload === undefined) return super._onAudio(event)
    super._onAudio({ ...event, data: this.#shortcut.stand })
    this.#shortcut.forget()
  }

  /** What the SDK gets to read of a message of the model's; undefined when all that it would do is done. */
  #shorten(message: string): string | undefined {
    if (this.#isListenedTo) return message
    if (this.#isUnheard(message)) return undefined
    const transcript = this.#shortcut.transcriptDelta(message)
    if (!transcript) return this.#shortcut.shorten(message)
    this.#lastEventAt = performance.now()
    const { item_id: itemId, response_id: responseId, delta } = transcript
    this.emit('response.output_audio_transcript.delta' as never, transcript as never)
    this.emit('audio_transcript_delta', { type: 'transcript_delta', itemId, responseId, delta })
    return undefined
  }

  /** The SDK would only emit it under its name, and nobody listens. */
  #isUnheard(message: string): boolean {
    const type = UNHEARD.exec(message)?.[1]
    if (type === undefined || this.eventEmitter.listenerCount(type as never) > 0) return false
    this.#lastEventAt = performance.now()
    return true
  }

  /** The SDK calls this in the same tick as `speech_started`, and whoever wants the agent to stop at any other time. */
  override interrupt(cancelOngoingResponse = true): void {
    const isAutomatic = this.#isSpeechStarting
    this.#isSpeechStarting = false
    if (!isAutomatic || !this.holdInterruption()) super.interrupt(cancelOngoingResponse)
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

  #append(audio: string): void {
    if (this.status === 'connected') this.#model?.appendAudio(audio)
  }
}
