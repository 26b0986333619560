import type { Opening } from './opening.ts'
import { type ModelAddress, ModelSocket } from './socket.ts'

/** The time between the webhook's answer and the stream's `start` is well below this; who is later gets a new one. */
const WARM_MS = 15_000

interface Warm {
  readonly socket: ModelSocket
  readonly timer: NodeJS.Timeout
}

/** Model sockets that were opened when the webhook came, each waiting under its callSid for the call's stream. */
export class WarmSockets {
  readonly #address: ModelAddress
  readonly #waiting = new Map<string, Warm>()

  constructor(address: ModelAddress) {
    this.#address = address
  }

  get size(): number {
    return this.#waiting.size
  }

  /** A new connection of nobody's. */
  open(): ModelSocket {
    return new ModelSocket(this.#address)
  }

  /**
   * Starts opening one for this call. A repeated webhook for the same call opens no second one.
   * @param opening what it is told as soon as it is open; undefined leaves everything to the call
   */
  warm(callSid: string, opening: Promise<Opening> | undefined): void {
    if (this.#waiting.has(callSid)) return
    const socket = this.open()
    // Without its opening the socket is as good as one that was only opened: the call does the rest.
    if (opening) socket.begin(opening).catch(() => {})
    const timer = setTimeout(() => this.discard(callSid), WARM_MS)
    timer.unref()
    this.#waiting.set(callSid, { socket, timer })
  }

  /** The call's own socket, once; undefined when there is none or it was lost meanwhile. */
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
