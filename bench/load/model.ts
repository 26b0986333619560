import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { LeanSocket } from './lean-socket.ts'
import { ModelSession } from './model-session.ts'
import type { Timeline } from './timeline.ts'
import type { Traffic } from './traffic.ts'

export interface LoadModelOptions {
  /** Whether permessage-deflate is negotiated with a client that offers it, as the real API does. */
  readonly compression: boolean
  /** Whether the agent talks after its greeting. */
  readonly talks: boolean
  /** The time from the upgrade request to the 101, in ms. */
  readonly openMs: number
}

/** The part of the Realtime API that a server under load needs, on a loopback port. */
export class LoadModel {
  readonly url: string
  readonly #server: ReturnType<typeof createServer>
  readonly #compressing = new WebSocketServer({ noServer: true, perMessageDeflate: true })
  readonly #sockets = new Set<Duplex>()
  readonly #options: LoadModelOptions
  readonly #traffic: Traffic
  readonly #timeline: Timeline

  static async listen(options: LoadModelOptions, traffic: Traffic, timeline: Timeline): Promise<LoadModel> {
    const server = createServer((_request, response) => response.writeHead(404).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 1_024, resolve))
    return new LoadModel(server, options, traffic, timeline)
  }

  private constructor(
    server: ReturnType<typeof createServer>,
    options: LoadModelOptions,
    traffic: Traffic,
    timeline: Timeline
  ) {
    this.#server = server
    this.#options = options
    this.#traffic = traffic
    this.#timeline = timeline
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/v1/realtime`
    server.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head))
  }

  /** Ends every connection without a close frame. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
    setTimeout(() => socket.destroyed || this.#open(request, socket, head), this.#options.openMs)
  }

  #open(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const offered = request.headers['sec-websocket-extensions']?.includes('permessage-deflate')
    if (this.#options.compression && offered) this.#openCompressed(request, socket, head)
    else this.#openLean(request, socket, head)
  }

  #openCompressed(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#compressing.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new ModelSession(webSocket, this.#traffic, this.#options.talks)
      const leave = this.#timeline.join(session)
      webSocket.on('message', (data) => session.onText(data as Buffer))
      webSocket.once('close', leave)
      webSocket.on('error', () => {})
    })
  }

  #openLean(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${KEY_SUFFIX}`).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
    )
    const lean = new LeanSocket(socket as Socket, head, false)
    const session = new ModelSession(lean, this.#traffic, this.#options.talks)
    const leave = this.#timeline.join(session)
    lean.onText = (text) => session.onText(text)
    lean.onClose = leave
  }
}

/** RFC 6455, 1.3 */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
