import type { WebSocket } from 'ws'
import { Inbox } from '../inbox.ts'
import type { ApiError } from './api-error.ts'
import { newId } from './ids.ts'

/** An event the model sent. */
export interface ServerEvent {
  readonly type: string
  readonly event_id: string
  readonly [field: string]: unknown
}

/** An `error` event the model sent. */
export interface SentError {
  readonly code: string | null
  readonly message: string
  readonly eventId: string | null
}

/** The API's own ping interval, as captured. */
const PING_MS = 20_300

/** The server's end of one socket. It sends events and records them. Its timers end with the socket. */
export class Wire {
  readonly sent: Inbox<ServerEvent>
  readonly errors: SentError[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  #frozen = false
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #socket: WebSocket

  constructor(socket: WebSocket, name: string) {
    this.#socket = socket
    this.sent = new Inbox(`events sent by ${name}`)
    this.closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        for (const timer of this.#timers) clearTimeout(timer)
        resolve({ code, reason: reason.toString() })
      })
    })
    // 'error' is always followed by 'close', which ends the session.
    socket.on('error', () => {})
    this.#timers.add(setInterval(() => this.#isOpen && socket.ping(Buffer.alloc(4)), PING_MS))
  }

  onMessage(listener: (text: string, isBinary: boolean) => void): void {
    this.#socket.on('message', (data, isBinary) => listener(data.toString(), isBinary))
  }

  emit(type: string, fields: object): void {
    const event = { type, event_id: newId('event'), ...fields }
    // A copy, because items change after they were sent.
    if (type !== 'response.output_audio.delta') this.sent.push(structuredClone(event))
    this.write(JSON.stringify(event))
  }

  /** @param eventId the id of the client's event, if it has one; the API repeats it */
  refuse(error: ApiError, eventId: string | null): void {
    const body = error.body(eventId)
    this.errors.push({ code: body.code, message: body.message, eventId: body.event_id })
    this.emit('error', { error: body })
  }

  write(text: string): void {
    if (this.#isOpen) this.#socket.send(text)
  }

  /** @param code undefined: no close frame, the peer sees 1006 */
  close(code?: number, reason?: string): void {
    if (code === undefined) this.#socket.terminate()
    else this.#socket.close(code, reason)
  }

  freeze(): void {
    this.#frozen = true
    this.#socket.pause()
  }

  /** Runs `act` after `ms`, unless the socket closes before. */
  after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  get #isOpen(): boolean {
    return !this.#frozen && this.#socket.readyState === this.#socket.OPEN
  }
}
