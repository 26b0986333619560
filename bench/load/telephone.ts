import { request } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { StreamTokens } from '../../src/twilio/stream-token.ts'
import { LeanSocket } from './lean-socket.ts'
import { readStamp } from './stamp.ts'
import { MediaFrames } from './telephone-frames.ts'
import type { Stepping, Timeline } from './timeline.ts'
import type { Traffic } from './traffic.ts'

/** What the callers sign with. Servers that check no signature pay nothing for it. */
export const AUTH_TOKEN = 'the token of the bench'
const tokens = new StreamTokens(AUTH_TOKEN)

const BYTES_PER_MS = 8
const REDIAL_MS = 500
const MOST_DIALS = 20

interface PendingMark {
  readonly name: string
  readonly dueAt: number
}

/** One caller, who speaks without a pause from `start` on, and plays the agent's audio in real time. */
export class Telephone implements Stepping {
  readonly call: number
  readonly #url: string
  readonly #traffic: Traffic
  readonly #timeline: Timeline
  readonly #callSid: string
  readonly #streamSid: string
  #frames: MediaFrames
  #socket: LeanSocket | undefined
  #leave: () => void = () => {}
  #parameters: Record<string, string> = {}
  #marks: PendingMark[] = []
  #playedUntil = 0
  #startedAt = 0
  #firstAudioMs: number | undefined
  #isSpeaking = false
  #hungUp = false

  constructor(url: string, traffic: Traffic, timeline: Timeline) {
    this.#url = url
    this.#traffic = traffic
    this.#timeline = timeline
    this.call = traffic.join()
    const id = this.call.toString(16).padStart(32, '0')
    this.#callSid = `CA${id}`
    this.#streamSid = `MZ${id}`
    this.#frames = new MediaFrames(this.#streamSid)
  }

  /** The time from `start` to the agent's first audio, in ms; undefined while nothing was heard. */
  get firstAudioMs(): number | undefined {
    return this.#firstAudioMs
  }

  /** Whether the server ended the call, although no caller here asks for it. */
  get wasHungUpOn(): boolean {
    return this.#socket !== undefined && !this.#socket.isOpen && !this.#hungUp
  }

  /** Sends Twilio's voice webhook, from a number of this caller's own. */
  async callWebhook(): Promise<void> {
    const twiml = await this.#dial({
      CallSid: this.#callSid,
      AccountSid: 'AC00000000000000000000000000000000',
      From: `+1555${String(1_000_000 + this.call)}`,
      To: '+15550001111',
      CallStatus: 'ringing',
      Direction: 'inbound',
      ApiVersion: '2010-04-01'
    })
    for (const [, name = '', value = ''] of twiml.matchAll(/<Parameter name="([^"]*)" value="([^"]*)"/g)) {
      this.#parameters[name] = value
    }
  }

  /** As if another node had answered the webhook: the token is good, and nothing was opened for the call. */
  skipWebhook(): void {
    this.#parameters = tokens.issue({ callSid: this.#callSid, direction: 'inbound', parameters: {} })
  }

  /** Opens the media stream, and begins to speak at once. */
  async openStream(): Promise<void> {
    const { socket, head } = await upgrade(`${this.#url}/media-stream`)
    const stream = new LeanSocket(socket, head, true)
    this.#socket = stream
    stream.onText = (text) => this.#onText(text)
    stream.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
    stream.send(this.#startFrame())
    this.#startedAt = performance.now()
    this.#isSpeaking = true
    this.#leave = this.#timeline.join(this)
  }

  /** Says nothing more, but stays on the line. */
  fallSilent(): void {
    this.#isSpeaking = false
  }

  hangUp(): void {
    this.#hungUp = true
    this.#leave()
    const stop = { accountSid: 'AC00000000000000000000000000000000', callSid: this.#callSid }
    this.#socket?.send(JSON.stringify({ event: 'stop', sequenceNumber: '1', stop, streamSid: this.#streamSid }))
    this.#socket?.close()
  }

  step(now: number): void {
    const socket = this.#socket
    if (!socket?.isOpen) return
    this.#echoMarks(now)
    if (!this.#isSpeaking) return
    const counts = this.#traffic.call(this.call)
    const frame = this.#frames.next(this.call, counts.framesSent)
    // The next frame is written into the same bytes, so a frame that the kernel has not taken at once needs its own.
    const wasDrained = socket.isDrained
    socket.sendRaw(wasDrained ? frame : Buffer.from(frame))
    if (wasDrained && !socket.isDrained) this.#frames = new MediaFrames(this.#streamSid)
    counts.framesSent += 1
  }

  /** A server that is held up for a moment may say that it is busy: callers dial again. */
  async #dial(params: Record<string, string>): Promise<string> {
    for (let dialled = 1; ; dialled += 1) {
      const twiml = await post(`${this.#url}/incoming-call`, params)
      if (twiml.includes('<Stream')) return twiml
      if (dialled === MOST_DIALS) throw new Error(`call ${this.call} was answered ${dialled} times with: ${twiml}`)
      await delay(REDIAL_MS)
    }
  }

  #startFrame(): string {
    return JSON.stringify({
      event: 'start',
      sequenceNumber: '1',
      start: {
        accountSid: 'AC00000000000000000000000000000000',
        streamSid: this.#streamSid,
        callSid: this.#callSid,
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
        customParameters: this.#parameters
      },
      streamSid: this.#streamSid
    })
  }

  #onText(text: Buffer): void {
    const payloadAt = text.indexOf(PAYLOAD)
    if (payloadAt >= 0) return this.#onMedia(text, payloadAt + PAYLOAD.length)
    const frame = JSON.parse(text.toString()) as { event: string; mark?: { name: string } }
    if (frame.event === 'mark' && frame.mark) this.#onMark(frame.mark.name)
    else if (frame.event === 'clear') this.#onClear()
  }

  #onMedia(text: Buffer, payloadAt: number): void {
    const now = performance.now()
    this.#firstAudioMs ??= now - this.#startedAt
    const stamp = readStamp(text, payloadAt)
    if (stamp) this.#traffic.agentHeard(stamp)
    const bytes = ((text.indexOf(QUOTE, payloadAt) - payloadAt) / 4) * 3
    this.#playedUntil = Math.max(now, this.#playedUntil) + bytes / BYTES_PER_MS
  }

  #onMark(name: string): void {
    this.#marks.push({ name, dueAt: this.#playedUntil })
  }

  /** Twilio empties its buffer and sends every pending mark back. (Twilio Media Streams: clear message) */
  #onClear(): void {
    this.#traffic.cleared(this.call)
    this.#playedUntil = 0
    this.#echoMarks(Number.POSITIVE_INFINITY)
  }

  #echoMarks(now: number): void {
    for (let mark = this.#marks[0]; mark && mark.dueAt <= now; mark = this.#marks[0]) {
      this.#marks.shift()
      const frame = { event: 'mark', sequenceNumber: '1', streamSid: this.#streamSid, mark: { name: mark.name } }
      this.#socket?.send(JSON.stringify(frame))
    }
  }
}

const PAYLOAD = Buffer.from('"payload":"')
const QUOTE = 0x22

function post(url: string, params: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': getExpectedTwilioSignature(AUTH_TOKEN, url, params)
    }
    const webhook = request(url, { method: 'POST', headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.once('end', () => resolve(body))
      response.once('error', reject)
    })
    webhook.once('error', reject)
    webhook.end(new URLSearchParams(params).toString())
  })
}

function upgrade(url: string): Promise<{ socket: Socket; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': Buffer.alloc(16, 1).toString('base64'),
      // Twilio dials nothing but wss, and signs that.
      'X-Twilio-Signature': getExpectedTwilioSignature(AUTH_TOKEN, url.replace(/^http/, 'wss'), {})
    }
    const handshake = request(url, { headers, agent: false })
    handshake.once('error', reject)
    handshake.once('response', ({ statusCode }) => reject(new Error(`the stream was answered with HTTP ${statusCode}`)))
    handshake.once('upgrade', (_response, socket, head) => resolve({ socket: socket as Socket, head }))
    handshake.end()
  })
}
