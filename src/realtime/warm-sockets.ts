import type { Opening } from './opening.ts'
import { type ModelAddress, ModelSocket } from './socket.ts'

/** Well above the time between the webhook's answer and the stream's `start`. A later call gets a new socket. */
const WARM_MS = 15_000

interface Warm {
  readonly socket: ModelSocket
  readonly timer: NodeJS.Timeout
}

/** Model sockets that were opened at the webhook. Each waits under its callSid for the call's stream. */
export class WarmSockets {
  readonly #address: ModelAddress
  readonly #waiting = new Map<string, Warm>()

  constructor(address: ModelAddress) {
    this.#address = address
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Opens a socket that belongs to no call yet. */
  open(): ModelSocket {
    return new ModelSocket(this.#address)
  }

  /**
   * Opens a socket for this call. A repeated webhook for the same call opens no second one.
   * @param opening sent as soon as the socket is open; undefined leaves everything to the call
   */
  warm(callSid: string, opening: Promise<Opening> | undefined): void {
    if (this.#waiting.has(callSid)) return
    const socket = this.open()
    // A socket without its opening is merely open, and the call does the rest.
    if (opening) socket.begin(opening).catch(() => {})
    const timer = setTimeout(() => this.discard(callSid), WARM_MS)
    timer.unref()
    this.#waiting.set(callSid, { socket, timer })
  }

  /** Hands out the call's own socket, once; undefined when there is none or it was lost meanwhile. */
  take(callSid: string): ModelSocket | undefined {
    const warm = this.#waiting.get(callSid)
    if (!warm) return undefined
    this.#waiting.delete(callSid)
    clearTimeout(warm.timer)
    return warm.socket.isClosed ? undefined : warm.socket
  }

  discard(callSid: string): void {
    this.take(callSid)?.close()
  }

  close(): void {
    for (const callSid of [...this.#waiting.keys()]) this.discard(callSid)
  }
}
