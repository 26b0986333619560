import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { ModelError } from '../call/model-leg.ts'
import type { Base64 } from '../wire/base64.ts'
import { atTurnsEnd } from '../wire/turns-end.ts'
import { appendFrame } from './append-frame.ts'
import { closedBy, refusedUpgrade } from './errors.ts'
import { typeOf, withTypeFirst } from './events.ts'
import type { Opening } from './opening.ts'

export interface ModelAddress {
  /** `wss://api.openai.com/v1/realtime`; `?model=` is appended. */
  readonly url: string
  readonly model: string
  readonly apiKey: string
}

/** Longer than any opening seen (2.1 s), and short enough for a second try within the default MODEL_RECONNECT_MS. */
const HANDSHAKE_TIMEOUT_MS = 5_000
/**
 * A socket that does not answer a ping within one period is dead. Twice the period is the longest silence for a caller.
 */
const PING_PERIOD_MS = 3_000

interface ModelSocketEvents {
  /** The model is gone. Emitted once, and not for this server's own `close`. */
  lost: [ModelError]
  /** The model answered a ping. */
  alive: []
  /** A listener threw. */
  fault: [unknown]
}

type Listener = (event: { data?: string; code?: number; reason?: string; type: string }) => void

/**
 * One connection to the Realtime API. It may open before there are listeners: early messages are kept and passed on, in
 * order, when `deliver` is called. To the SDK it looks like the WebSocket that the SDK would have made.
 */
export class ModelSocket extends EventEmitter<ModelSocketEvents> {
  /** Resolves when the model accepted the connection. Rejects with a ModelError. */
  readonly opened: Promise<void>
  readonly #socket: WebSocket
  /** The connection under the WebSocket. */
  #tcp: Duplex | undefined
  /** A frame of audio that is sent at the end of this turn of the event loop, or before the next message. */
  #frame: Buffer | undefined
  readonly #listeners: Record<string, Listener[]> = {}
  #early: string[] | undefined = []
  #state: 'opening' | 'open' | 'lingering' | 'closed' = 'opening'
  /** Gets the messages that come while the socket lingers. */
  #lastWords: ((message: string) => void) | undefined
  /**
   * The code of the last message, if that was an `error`. A fatal error is followed by the close at once; other errors
   * do not explain a close.
   */
  #lastErrorCode: string | undefined
  #pongIsDue = false
  #trouble: ModelError | undefined
  #isGreeting = false
  /** The configuration that the SDK is expected to send as well. */
  #configuration: string | undefined
  #hasSent = false
  /** Passes a message to the SDK by `tell`: in one piece, in several or not at all. Never throws. */
  translate: (message: string, tell: (message: string) => void) => void = (message, tell) => tell(message)

  constructor({ url, model, apiKey }: ModelAddress) {
    super()
    const address = new URL(url)
    address.searchParams.set('model', model)
    this.#socket = new WebSocket(address, {
      headers: { Authorization: `Bearer ${apiKey}`, 'User-Agent': 'phone-voice-agent' },
      // The API compresses when that is offered, which costs more CPU than everything else in a call together.
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS
    })
    this.#socket.once('upgrade', ({ socket }) => {
      this.#tcp = socket
    })
    this.opened = this.#open()
    // An early socket may be discarded before `opened` is awaited, and an unhandled rejection would be logged as a mistake.
    this.opened.catch(() => {})
    this.#socket.on('message', (data) => this.#onMessage(withTypeFirst(data.toString())))
    this.#socket.on('pong', () => {
      this.#pongIsDue = false
      this.emit('alive')
    })
    this.#socket.on('close', (code) => this.#onClose(code))
  }

  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Why the socket was lost, for callers who missed the event. */
  get trouble(): ModelError | undefined {
    return this.#trouble
  }

  /** The greeting was requested already. */
  get isGreeting(): boolean {
    return this.#isGreeting
  }

  /** Configures the session and requests the greeting before the SDK is there to do so. */
  async begin(opening: Promise<Opening>): Promise<void> {
    const { configuration, greeting } = await opening
    await this.opened
    // The call came first, and its SDK has configured the session.
    if (!this.#early || this.#hasSent) return
    this.#configuration = configuration
    this.#isGreeting = greeting !== undefined
    this.#socket.send(configuration)
    if (greeting !== undefined) this.#socket.send(greeting)
  }

  /** Passes the early messages to the listeners, and from now on every message as it comes. */
  deliver(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const data of early) this.translate(data, this.#tellMessage)
  }

  addEventListener(type: string, listener: Listener): void {
    const listeners = this.#listeners[type] ?? []
    listeners.push(listener)
    this.#listeners[type] = listeners
  }

  send(data: string): void {
    if (this.#state !== 'open') return
    const isRepeated = data === this.#configuration
    this.#configuration = undefined
    this.#hasSent = true
    this.#letGo()
    // The SDK's second, equal configuration is not sent: the model would confirm it after the greeting has begun.
    if (!isRepeated) this.#socket.send(data)
  }

  /** Sends the caller's audio, 50 frames a second. */
  appendAudio(audio: Base64): void {
    if (this.#state !== 'open') return
    this.#letGo()
    this.#frame = appendFrame(audio)
    if (this.#frame) atTurnsEnd(this.#letGo)
    else this.#socket.send(`{"type":"input_audio_buffer.append","audio":"${audio}"}`)
  }

  /**
   * Writes the frame to the connection without ws. Without compression ws keeps no data of its own, so whole frames of
   * both follow one another.
   */
  readonly #letGo = (): void => {
    const frame = this.#frame
    this.#frame = undefined
    // After a close frame nothing more may be sent. (RFC 6455, 5.5.1)
    if (frame && this.#socket.readyState === WebSocket.OPEN) this.#tcp?.write(frame)
  }

  /**
   * Reads on for missing messages and does nothing else: nothing is sent, no listener is called, and `close` has no
   * effect.
   * @param isEnough gets each message; true ends the wait
   * @returns resolves at the end of the wait, when the model closes, or after `ms`; the connection is closed then
   */
  linger(isEnough: (message: string) => boolean, ms: number): Promise<void> {
    this.#letGo()
    this.#state = 'lingering'
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer)
        this.#lastWords = undefined
        resolve()
        if (this.#state !== 'lingering') return
        this.#state = 'open'
        this.close()
      }
      const timer = setTimeout(finish, ms)
      this.#socket.once('close', finish)
      this.#lastWords = (message) => {
        if (isEnough(message)) finish()
      }
    })
  }

  /** Safe to call twice, and while the socket is opening. */
  close(): void {
    if (this.#state === 'closed' || this.#state === 'lingering') return
    this.#letGo()
    this.#state = 'closed'
    this.#early = undefined
    this.#socket.close()
    // A model that does not answer the closing handshake must not hold the socket for the 30 s of ws.
    const timer = setTimeout(() => this.#socket.terminate(), 1_000)
    timer.unref()
    this.#socket.once('close', () => clearTimeout(timer))
  }

  #open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('open', () => {
        if (this.#state === 'closed') return
        this.#state = 'open'
        this.#keepAlive()
        resolve()
      })
      this.#socket.once('unexpected-response', (_request, response) => {
        reject(refusedUpgrade(response.statusCode ?? 0))
        response.destroy()
        this.#socket.terminate()
      })
      // 'error' is always followed by 'close'. Before the socket is open, only 'error' has the cause.
      this.#socket.on('error', (cause: NodeJS.ErrnoException) => {
        reject(new ModelError('unreachable', cause.code ?? cause.message, { cause }))
      })
    })
  }

  #onMessage(data: string): void {
    if (this.#state === 'closed') return
    if (this.#state === 'lingering') return this.#lastWords?.(data)
    this.#lastErrorCode = typeOf(data) === 'error' ? errorCode(data) : undefined
    if (this.#early) this.#early.push(data)
    else this.translate(data, this.#tellMessage)
  }

  readonly #tellMessage = (data: string): void => this.#tell('message', { type: 'message', data })

  #onClose(code: number): void {
    if (this.#state === 'closed') return
    const wasOpen = this.#state === 'open'
    this.#state = 'closed'
    if (!wasOpen) return
    this.#trouble = closedBy(code, this.#lastErrorCode)
    this.#tell('close', { type: 'close', code, reason: '' })
    this.emit('lost', this.#trouble)
  }

  #keepAlive(): void {
    const timer = setInterval(() => {
      // A process that was blocked reads the waiting data first, and the pong may be in it.
      if (this.#state === 'lingering') return
      if (this.#pongIsDue) return void setImmediate(() => this.#pongIsDue && this.#socket.terminate())
      this.#pongIsDue = true
      this.#socket.ping()
    }, PING_PERIOD_MS)
    timer.unref()
    this.#socket.once('close', () => clearInterval(timer))
  }

  #tell(type: string, event: Parameters<Listener>[0]): void {
    try {
      for (const listener of this.#listeners[type] ?? []) listener(event)
    } catch (error) {
      this.emit('fault', error)
    }
  }
}

/** The code of an `error` event; undefined when it has none or is not JSON. */
function errorCode(message: string): string | undefined {
  try {
    const { error } = JSON.parse(message) as { error?: { code?: unknown } | null }
    return typeof error?.code === 'string' ? error.code : undefined
  } catch {
    return undefined
  }
}
