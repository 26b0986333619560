import type { Socket } from 'node:net'
import WebSocket from 'ws'
import { checkFrame, type ServerFrame } from './checks.ts'
import type { CallClock, Cancel } from './clock.ts'
import { CallOver, type TwilioError, TwilioRefusal } from './errors.ts'
import { FRAME_MS, type Line, SILENT_FRAME } from './line.ts'
import { Playback } from './playback.ts'
import type { Tape } from './tape.ts'
import type { Dialled } from './webhook.ts'

/** The caller's hanging up as the stream shows it: `stop` and close, close alone, or a TCP reset. */
export type CloseStyle = 'stop' | 'no-stop' | 'dies'

export type StreamEnd =
  | { readonly by: 'caller' }
  | { readonly by: 'server'; readonly code: number; readonly reason: string }
  | { readonly by: 'network' }
  | { readonly by: 'refusal'; readonly refusal: TwilioRefusal }

export interface StreamParts {
  readonly dialled: Dialled
  readonly streamSid: string
  readonly callSid: string
  readonly accountSid: string
  readonly customParameters: Readonly<Record<string, string>>
  readonly firstTimestampMs: number
  readonly handshakeTimeoutMs: number
  /** False opens the socket and sends nothing by itself. */
  readonly sendsStart: boolean
  readonly returnsMarks: boolean
  /** Whether a frame of the caller's is lost on its way. */
  readonly loses: (frame: number) => boolean
  readonly clock: CallClock
  readonly line: Line
  /** The tapes of both sides; undefined: not kept. */
  readonly heard: Tape | undefined
  readonly spoke: { add(atMs: number, frame: Buffer): void } | undefined
  readonly onFrame: (frame: ServerFrame) => void
  readonly onError: (error: TwilioError) => void
}

const SILENT_PAYLOAD = SILENT_FRAME.toString('base64')
const CLOSE_LIMIT_MS = 1_000

/** Twilio's end of one media stream: https://www.twilio.com/docs/voice/media-streams/websocket-messages */
export class StreamLeg {
  /** Resolves when the 101 has come and `start` was sent. Rejects with a TwilioRefusal. */
  readonly opened: Promise<void>
  /** Resolves when the socket is gone. Never rejects. */
  readonly closed: Promise<StreamEnd>
  readonly #parts: StreamParts
  readonly #socket: WebSocket
  readonly #playback: Playback
  #tcp: Socket | undefined
  #wasOpened = false
  #end: StreamEnd | undefined
  #sequenceNumber = 1
  #chunk = 1
  #frames = 0
  #firstFrameMs = 0
  #gapUntilFrame = 0
  #cancelFrame: Cancel | undefined

  constructor(parts: StreamParts) {
    this.#parts = parts
    this.#playback = new Playback(parts.clock, parts.heard, {
      onMark: (name) => parts.returnsMarks && this.#send({ event: 'mark', ...this.#numbered(), mark: { name } }),
      onOverflow: () => parts.onError({ code: 31931, message: 'more than ten minutes of audio buffered' })
    })
    const { url, headers } = parts.dialled
    this.#socket = new WebSocket(url, {
      headers,
      perMessageDeflate: false,
      handshakeTimeout: parts.handshakeTimeoutMs
    })
    this.opened = this.#untilOpened()
    this.closed = this.#untilClosed()
    this.#socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary))
  }

  /** When `start` was sent, on the call's clock. */
  get startedMs(): number {
    return this.#firstFrameMs
  }

  /** Up to where the caller's frames have been sent, on the call's clock. */
  get sentMs(): number {
    return this.#firstFrameMs + this.#frames * FRAME_MS
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN
  }

  /** Sound that the server sent and the caller has not heard yet, in ms. */
  get bufferedMs(): number {
    return this.#playback.bufferedMs
  }

  sendRaw(frame: object | string | Buffer): void {
    this.#socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
  }

  press(digit: string): void {
    this.#send({
      event: 'dtmf',
      streamSid: this.#parts.streamSid,
      sequenceNumber: `${this.#sequenceNumber++}`,
      dtmf: { track: 'inbound_track', digit }
    })
  }

  /** Drops the caller's frames for `ms`; the timestamps go on. */
  gap(ms: number): void {
    this.#gapUntilFrame = this.#frames + Math.round(ms / FRAME_MS)
  }

  /** The network loses the stream: its TCP connection is reset, and the caller stays on the line. */
  lose(): void {
    this.#tcp?.resetAndDestroy()
  }

  leave(style: CloseStyle, code: 1000 | 1005): void {
    if (this.#end) return
    this.#finish({ by: 'caller' })
    if (!this.isOpen) return this.#socket.terminate()
    if (style === 'dies') {
      this.#tcp?.resetAndDestroy()
      return
    }
    if (style === 'stop') this.#sendStop()
    // The peer sees a close without a code as 1005.
    this.#socket.close(code === 1005 ? undefined : code)
    // A server that does not answer the close must not hold the call.
    setTimeout(() => this.#socket.terminate(), CLOSE_LIMIT_MS).unref()
  }

  #untilOpened(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => {})
    this.#socket.once('upgrade', (response) => {
      this.#tcp = response.socket
    })
    this.#socket.once('open', () => {
      this.#wasOpened = true
      if (this.#parts.sendsStart) this.#start()
      resolve()
    })
    this.#socket.on('error', (error) => {
      if (!this.#wasOpened) {
        const refusal = refusalOf(error, this.#parts.dialled.url)
        this.#finish({ by: 'refusal', refusal })
        reject(refusal)
      } else if (!this.#end && 'code' in error && `${error.code}`.startsWith('WS_ERR')) {
        this.#parts.onError({ code: 31924, message: `WebSocket protocol error: ${error.message}` })
      }
    })
    this.#socket.once('close', () => reject(new CallOver()))
    return promise
  }

  #untilClosed(): Promise<StreamEnd> {
    return new Promise((resolve) => {
      this.#socket.once('close', (code, reason) => {
        this.#finish(code === 1006 ? { by: 'network' } : { by: 'server', code, reason: reason.toString() })
        resolve(this.#end as StreamEnd)
      })
    })
  }

  /** The first end wins. */
  #finish(end: StreamEnd): void {
    if (this.#end) return
    this.#end = end
    this.#cancelFrame?.()
    this.#playback.stop()
  }

  #start(): void {
    const { streamSid, callSid, accountSid, customParameters } = this.#parts
    this.#send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    this.#send({
      event: 'start',
      sequenceNumber: `${this.#sequenceNumber++}`,
      start: {
        accountSid,
        streamSid,
        callSid,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters
      },
      streamSid
    })
    this.#firstFrameMs = this.#parts.clock.nowMs
    this.#cancelFrame = this.#parts.clock.at(this.#firstFrameMs, this.#sendFrame)
  }

  readonly #sendFrame = (): void => {
    const frame = this.#parts.line.takeFrame()
    const dueMs = this.#firstFrameMs + this.#frames * FRAME_MS
    if (this.#frames >= this.#gapUntilFrame && !this.#parts.loses(this.#frames)) {
      this.#sendMedia(frame)
      this.#parts.spoke?.add(dueMs, frame)
    }
    this.#frames++
    this.#cancelFrame = this.#parts.clock.at(dueMs + FRAME_MS, this.#sendFrame)
  }

  // 50 times a second for each call: a template is several times cheaper than JSON.stringify.
  #sendMedia(frame: Buffer): void {
    const payload = frame === SILENT_FRAME ? SILENT_PAYLOAD : frame.toString('base64')
    const timestamp = this.#parts.firstTimestampMs + this.#frames * FRAME_MS
    this.#write(
      `{"event":"media","sequenceNumber":"${this.#sequenceNumber++}","media":{"track":"inbound","chunk":"${this.#chunk++}","timestamp":"${timestamp}","payload":"${payload}"},"streamSid":"${this.#parts.streamSid}"}`
    )
  }

  #sendStop(): void {
    const { accountSid, callSid } = this.#parts
    const { sequenceNumber, streamSid } = this.#numbered()
    this.#send({ event: 'stop', sequenceNumber, stop: { accountSid, callSid }, streamSid })
  }

  #numbered(): { sequenceNumber: string; streamSid: string } {
    return { sequenceNumber: `${this.#sequenceNumber++}`, streamSid: this.#parts.streamSid }
  }

  #send(frame: object): void {
    this.#write(JSON.stringify(frame))
  }

  #write(text: string): void {
    if (this.isOpen) this.#socket.send(text)
  }

  #receive(data: Buffer, isBinary: boolean): void {
    // The caller is gone: frames still on their way are no mistake of the server's.
    if (this.#end) return
    try {
      const frame = checkFrame(data, isBinary, this.#parts.streamSid)
      this.#parts.onFrame(frame)
      this.#obey(frame)
    } catch (error) {
      if (!(error instanceof TwilioRefusal)) throw error
      this.#parts.onError(error.logged)
    }
  }

  #obey(frame: ServerFrame): void {
    if (frame.event === 'media') this.#playback.media(Buffer.from(frame.media.payload, 'base64'))
    else if (frame.event === 'mark') this.#playback.mark(frame.mark.name)
    else this.#playback.clear()
  }
}

/** The error that Twilio logs for a failed handshake: https://www.twilio.com/docs/api/errors */
function refusalOf(error: Error, url: string): TwilioRefusal {
  const { message } = error
  const code = 'code' in error ? `${error.code}` : ''
  const status = /Unexpected server response: (\d+)/.exec(message)?.[1]
  if (status) return new TwilioRefusal(31920, `Stream: the handshake at ${url} was answered ${status}`, Number(status))
  if (code === 'ECONNREFUSED') return new TwilioRefusal(31902, `Stream: connection refused at ${url}`)
  if (/CERT|TLS|SSL|EPROTO/.test(code)) return new TwilioRefusal(31910, `Stream: TLS error at ${url}: ${message}`)
  if (/timed out/.test(message) || code === 'ETIMEDOUT') return new TwilioRefusal(31901, `Stream: no answer at ${url}`)
  return new TwilioRefusal(31920, `Stream: no handshake with ${url}: ${message}`)
}
