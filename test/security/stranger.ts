import { connect, type Socket } from 'node:net'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { onTestFinished } from 'vitest'
import { eventually, type House } from '../house.ts'

export const AUTH_TOKEN = 'the-auth-token-of-the-account'
export const PUBLIC = 'https://agent.example.com'
/** What a tunnel or a proxy that ends TLS adds. */
export const TUNNEL = { 'X-Forwarded-Host': 'agent.example.com', 'X-Forwarded-Proto': 'https' }
export const RINGING = { CallSid: 'CA1', From: '+15551230001', To: '+15551239999', Direction: 'inbound' }

/** A model that answers with a tone and only when a test says so: to speak holds the process up, and hostile clients are timed. */
export const TERSE = { vad: false, brain: () => [{ tone: 40 }] }

/** As Twilio signs. */
export function sign(url: string, params: Record<string, string> = {}, authToken = AUTH_TOKEN): string {
  return getExpectedTwilioSignature(authToken, url, params)
}

/** A request as it is on the wire; nothing is added to it but the length of its body. */
export function httpRequest(line: string, headers: Record<string, string>, body = ''): string {
  const all = {
    Host: 'localhost',
    ...(body === '' ? {} : { 'Content-Length': `${Buffer.byteLength(body)}` }),
    ...headers
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`${line} HTTP/1.1`, ...lines, '', body].join('\r\n')
}

export const UPGRADE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ=='
}

export const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** A bare TCP client, which writes what it likes, as slowly as it likes, and reads if it likes. */
export class Stranger {
  /** Everything that was answered so far. */
  heard = ''
  isClosed = false
  readonly #socket: Socket

  constructor(url: string) {
    const { hostname, port } = new URL(url)
    this.#socket = connect(Number(port), hostname)
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (data) => {
      this.heard += data
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => {
      this.isClosed = true
    })
    onTestFinished(() => void this.#socket.destroy())
  }

  /** The status of the first answer; what came of it without one is 0. */
  static async ask(url: string, request: string): Promise<number> {
    const stranger = new Stranger(url)
    stranger.write(request)
    const status = await stranger.status()
    stranger.leave()
    return status
  }

  write(text: string): void {
    if (!this.isClosed) this.#socket.write(text)
  }

  stopReading(): void {
    this.#socket.pause()
  }

  leave(): void {
    this.#socket.destroy()
  }

  async status(limitMs?: number): Promise<number> {
    const look = () => Number(/^HTTP\/1\.1 (\d{3}) .*?\r\n\r\n/s.exec(this.heard)?.[1] ?? 0)
    return eventually(look, (status) => status > 0 || this.isClosed, limitMs)
  }

  async closed(limitMs?: number): Promise<void> {
    await eventually(
      () => this.isClosed,
      (isClosed) => isClosed,
      limitMs
    )
  }
}

/** Sockets that the server has open. The number is the one of the last time it was asked, as Node tells it later. */
export function connections({ app: { server } }: Pick<House, 'app'>): number {
  server.getConnections((_error, open) => counted.set(server, open))
  return counted.get(server) ?? Number.NaN
}

const counted = new WeakMap<object, number>()
