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

/** Longer than any opening seen (2.1 s), short enough to try once more inside the default budget. */
const HANDSHAKE_TIMEOUT_MS = 5_000
/** A socket that does not answer a ping within one period is dead. Half of the time that a caller would wait in silence. */
const PING_PERIOD_MS = 3_000

interface ModelSocketEvents {
  /** The model is gone. Emitted once, and not for our own `close`. */
  lost: [ModelError]
  /** It answered a ping. */
  alive: []
  /** Somebody who was told something has thrown. */
  fault: [unknown]
}

type Listener = (event: { data?: string; code?: number; reason?: string; type: string }) => void

/**
 * One connection to the Realtime API, which may open before anybody listens: what arrives early is kept and given, in
 * order, to the SDK when `deliver` is called. To the SDK it looks like the WebSocket that it would have made itself.
 */
export class ModelSocket extends EventEmitter<ModelSocketEvents> {
  /** Settles when the model accepted the connection. Rejects with a ModelError. */
  readonly opened: Promise<void>
  readonly #socket: WebSocket
  /** The connection under the WebSocket. */
  #tcp: Duplex | undefined
  /** A frame of audio that leaves when this turn of the event loop ends, or before whatever is sent after it. */
  #frame: Buffer | undefined
  readonly #listeners: Record<string, Listener[]> = {}
  #early: string[] | undefined = []
  #state: 'opening' | 'open' | 'lingering' | 'closed' = 'opening'
  /** Takes what still comes while it lingers. */
  #lastWords: ((message: string) => void) | undefined
  /** The code of the last message, if that was an `error`. The close follows a fatal error at once; other errors do not explain it. */
  #lastErrorCode: string | undefined
  #pongIsDue = false
  #trouble: ModelError | undefined
  #isGreeting = false
  /** The configuration that the SDK is expected to send too. */
  #configuration: string | undefined
  #hasSent = false
  /** Calls `tell` with what the SDK gets to read of a message, in one piece, in several or not at all. Never throws. */
  translate: (message: string, tell: (message: string) => void) => void = (message, tell) => tell(message)

  constructor({ url, model, apiKey }: ModelAddress) {
    super()
    const address = new URL(url)
    address.searchParams.set('model', model)
    this.#socket = new WebSocket(address, {
      headers: { Authorization: `Bearer ${apiKey}`, 'User-Agent': 'phone-voice-agent' },
      // The real API compresses when it is offered, which costs more CPU than everything else in a call together.
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS
    })
    this.#socket.once('upgrade', ({ socket }) => {
      this.#tcp = socket
    })
    this.opened = this.#open()
    // Whoever opens early may never ask; a refusal nobody waits for must not end the process.
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

  /** Why it was lost, for whoever comes too late for the event. */
  get trouble(): ModelError | undefined {
    return this.#trouble
  }

  /** The greeting was asked for already. */
  get isGreeting(): boolean {
    return this.#isGreeting
  }

  /** Configures the session, and asks for the greeting, before the SDK is there to do it. */
  async begin(opening: Promise<Opening>): Promise<void> {
    const { configuration, greeting } = await opening
    await this.opened
    // The call was quicker, and its SDK has configured the session itself.
    if (!this.#early || this.#hasSent) return
    this.#configuration = configuration
    this.#isGreeting = greeting !== undefined
    this.#socket.send(configuration)
    if (greeting !== undefined) this.#socket.send(greeting)
  }

  /** From now on the listeners get what the model says, beginning with what it has said already. */
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
    // A second, equal configuration would be answered by nothing new, after the greeting it belongs before.
    if (!isRepeated) this.#socket.send(data)
  }

  /** The caller's audio, fifty times a second. */
  appendAudio(audio: Base64): void {
    if (this.#state !== 'open') return
    this.#letGo()
    this.#frame = appendFrame(audio)
    if (this.#frame) atTurnsEnd(this.#letGo)
    else this.#socket.send(`{"type":"input_audio_buffer.append","audio":"${audio}"}`)
  }

  /** Past ws, whose sender keeps nothing of its own without compression: frames of both follow one another whole. */
  readonly #letGo = (): void => {
    const frame = this.#frame
    this.#frame = undefined
    // Whoever says goodbye in this turn takes nothing more (RFC 6455, 5.5.1).
    if (frame && this.#socket.readyState === WebSocket.OPEN) this.#tcp?.write(frame)
  }

  /**
   * Reads on for what is still owed and does nothing else: nothing is sent, no listener is told, and `close` has no effect.
   * @param isEnough is given each message, and says whether it was the last that was waited for
   * @returns settles when it was, when the model closes, or after `ms`; the connection is closed then
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

  /** Safe to call twice, and while it is still opening. */
  close(): void {
    if (this.#state === 'closed' || this.#state === 'lingering') return
    this.#letGo()
    this.#state = 'closed'
    this.#early = undefined
    this.#socket.close()
    // A model that does not answer the closing handshake must not hold the socket for the 30 s that ws would wait.
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
      // Always followed by 'close'. Before the opening it is the only one to know why.
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
      // A process that was held up reads first what came meanwhile: the pong may be among it.
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

/** The code of an `error` event; undefined when it has none, or is no JSON. */
function errorCode(message: string): string | undefined {
  try {
    const { error } = JSON.parse(message) as { error?: { code?: unknown } | null }
    return typeof error?.code === 'string' ? error.code : undefined
  } catch {
    return undefined
  }
}
