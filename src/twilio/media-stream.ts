import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { isOurMark, Playback } from '../call/playback.ts'
import { BYTES_PER_MS } from '../wire/mulaw.ts'
import { atTurnsEnd } from '../wire/turns-end.ts'
import { type Frame, type MediaFrame, MediaReader, parseFrame, type StartFrame } from './frames.ts'

/** What happens on a stream, for the call that owns it. */
export interface MediaStreamEvents {
  start: [StartFrame]
  /** A key was pressed: `0`-`9`, `*`, `#`, `A`-`D`. */
  digit: [string]
  /** The agent's first audio after silence went to Twilio. */
  playing: []
  /** All of the agent's voice has been played, or was cleared. */
  silent: [{ cleared: boolean }]
  /** The agent's audio ran so far ahead of the caller that the rest of it is not kept. Once a call. */
  dropped: []
  /** A frame that Twilio would not send, once for each kind of trouble. */
  refused: [why: RefusedFrame]
  /** Twilio ended the stream (`stopped`) or its socket went away without a word. Never emitted for our own `close`. */
  gone: [{ stopped: boolean; code: number }]
  /** More frames came than any stream has, or the caller's side stopped reading. The socket is closed already. */
  abused: [limit: string]
  /** Somebody who was told something has thrown. */
  fault: [unknown]
}

export type RefusedFrame = 'binary' | 'not a frame' | 'before start' | 'second start' | 'of another stream'

/** Where the caller's audio goes once the model can take it. */
export type AudioSink = (frame: MediaFrame) => void

/** What the SDK's Twilio transport needs from a socket, and all that it is given. */
export interface TransportSocket {
  addEventListener(type: 'message' | 'close' | 'error', listener: (event: { data: string }) => void): void
  send(message: string): void
}

export interface MediaStreamOptions {
  /** The most caller audio that is held for a model that is not there yet, in ms. The oldest is dropped first. */
  readonly maxHeldMs: number
}

/** Twilio sends 50 a second; a burst after a network stall is forgiven, a flood is not. */
const MAX_FRAMES_PER_SECOND = 200
/** A burst of this many frames (10 s of audio) is what a stalled network may deliver at once. */
const MAX_BURST_FRAMES = 500
/** Twilio throws away what is more than 10 minutes ahead (31931). What is more than this waits here. */
const MAX_AHEAD_MS = 5 * 60_000
/** Some 6 minutes of mu-law as base64 that nobody reads, or that cannot be played so soon: a dead line. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024
/** Twilio sends a frame every 20 ms on a line that lives. */
const ALIVE_MS = 250
/** How often what waits is looked at when no mark has come back meanwhile. */
const LOOK_MS = 1_000

/**
 * The only owner of Twilio's socket. It checks what comes in, lets nothing but `media`, `mark` and `clear` out and that
 * only after `start`, and holds the caller's audio until somebody can take it. The SDK's transport is given
 * `transportSocket` in place of the real one.
 */
export class MediaStream extends EventEmitter<MediaStreamEvents> {
  readonly playback = new Playback()
  readonly #socket: WebSocket
  readonly #tcp: Duplex
  readonly #maxHeldMs: number
  #start: { readonly frame: StartFrame; readonly text: string } | undefined
  #state: 'waiting' | 'open' | 'stopped' | 'closed' = 'waiting'
  #sink: AudioSink | undefined
  #held: MediaFrame[] = []
  #heldMs = 0
  #droppedMs = 0
  #transportListeners: ((event: { data: string }) => void)[] = []
  #media: MediaReader | undefined
  #rawTap: ((message: RawData) => void) | undefined
  #complained = new Set<RefusedFrame>()
  #wasPlaying = false
  /** Asks the playback for marks that do not come back. */
  #lookTimer: NodeJS.Timeout | undefined
  /** Marks that Twilio has yet to return, at once after a `clear`: those frames are ours, and count against nobody. */
  #marksOwed = 0
  #hasDropped = false
  /** Audio and marks that are too far ahead to be sent yet, in order. */
  #waiting: { readonly message: string; readonly ms: number }[] = []
  #waitingMs = 0
  #waitingBytes = 0
  #frameCredit = MAX_BURST_FRAMES
  #creditAt = performance.now()
  #lastMessageAt = performance.now()

  /** @param tcp the connection under the WebSocket */
  constructor(socket: WebSocket, tcp: Duplex, options: MediaStreamOptions) {
    super()
    this.#socket = socket
    this.#tcp = tcp
    this.#maxHeldMs = options.maxHeldMs
    socket.on('message', (data, isBinary) => {
      try {
        this.#onMessage(data, isBinary)
      } catch (error) {
        // As in #contain, without a closure for each frame.
        this.emit('fault', error)
      }
    })
    // ws answers each ping, so a flood of them costs as much as one of frames.
    socket.on('ping', () => {
      if (this.#state !== 'closed' && !this.#withinRate(performance.now())) this.#abuse('frames a second')
    })
    socket.on('close', (code) => this.#contain(() => this.#onClose(code)))
    // A socket error is always followed by 'close' (ws), which is where the stream ends.
    socket.on('error', () => {})
  }

  get streamSid(): string | undefined {
    return this.#start?.frame.streamSid
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Caller audio that was dropped because the model was away for too long, in ms. */
  get droppedMs(): number {
    return this.#droppedMs
  }

  /** Time since Twilio's last message of any kind, in ms. */
  get quietMs(): number {
    return performance.now() - this.#lastMessageAt
  }

  /** Audio, marks and clears for the caller; for the SDK's transport, which also hears every frame but audio here. */
  readonly transportSocket: TransportSocket = {
    addEventListener: (type, listener) => {
      // 'close' and 'error' are the call's business: it ends the session itself, in one place.
      if (type !== 'message') return
      this.#transportListeners.push(listener)
      // A transport that attaches late still needs the streamSid, which comes only in `start`.
      if (this.#start) listener({ data: this.#start.text })
    },
    send: (message) => this.#sendFromTransport(message)
  }

  /** Gives audio and our own marks to `tap` as they came in; all other frames reach the transport, which tells whoever listens. */
  tapRaw(tap: ((message: RawData) => void) | undefined): void {
    this.#rawTap = tap
  }

  /** Sends caller audio to `sink`, what was held first, frame by frame and in order. */
  flowTo(sink: AudioSink): void {
    const held = this.#held
    this.#held = []
    this.#heldMs = 0
    this.#sink = sink
    for (const frame of held) sink(frame)
  }

  /** Holds caller audio from now on, until `flowTo`. */
  hold(): void {
    this.#sink = undefined
  }

  /** Sound of the server's own for the caller, played in order with everything else. @param mark its name */
  playHouse(payload: string, mark: string): void {
    this.sendMedia(payload)
    this.sendMark(mark)
  }

  /** Audio for the caller; whose it is, is said by the mark that follows at once. */
  sendMedia(payload: string): void {
    if (this.#state !== 'open') return
    const bytes = Buffer.byteLength(payload, 'base64')
    const message = `{"event":"media","streamSid":"${this.streamSid}","media":{"payload":"${payload}"}}`
    if (!this.#hasRoomFor(message)) return this.#drop()
    this.playback.sentMedia(bytes)
    this.#sendInTime(message, bytes / BYTES_PER_MS)
  }

  /** Asks Twilio to say when everything sent so far has been played, where that is worth a message. */
  sendMark(name: string): void {
    if (this.#state !== 'open') return
    if (this.playback.sentMark(name)) {
      // Its way back is a frame that this server caused.
      this.#marksOwed += 1
      this.#frameCredit += 1
      this.#sendInTime(JSON.stringify({ event: 'mark', streamSid: this.streamSid, mark: { name } }), 0)
    }
    if (!this.#lookTimer) this.#lookLater()
    this.#playbackChanged(false)
  }

  /** Takes back everything that was not played yet. */
  sendClear(): void {
    if (this.#state !== 'open') return
    this.answerDueMarks()
    const withheld = this.playback.sentClear()
    this.#forgetWaiting()
    this.#send(`{"event":"clear","streamSid":"${this.streamSid}"}`)
    // Twilio returns every pending mark now, and the SDK waits for those that it was not asked for too.
    this.#tellMarks(withheld)
    this.#playbackChanged(true)
  }

  /** Tells the SDK of the marks that are due by the clock: before it asks itself how much was heard. */
  answerDueMarks(): void {
    const played = this.playback.answerDue()
    if (played.length === 0) return
    this.#tellMarks(played)
    this.#onPlaybackMoved()
  }

  /** Ends the stream; Twilio then asks `/call-ended`. Safe to call twice. */
  close(code = 1000): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#held = []
    this.#sink = undefined
    this.#forgetWaiting()
    clearTimeout(this.#lookTimer)
    this.#socket.close(code)
    // A peer that does not answer the closing handshake is cut off after 30 s by ws; a phone line needs less patience.
    const timer = setTimeout(() => this.#socket.terminate(), 2_000)
    timer.unref()
    this.#socket.once('close', () => clearTimeout(timer))
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#state === 'closed') return
    const now = performance.now()
    if (!this.#withinRate(now)) return this.#abuse('frames a second')
    this.#lastMessageAt = now
    if (isBinary) return this.#refuse('binary')
    const media = this.#media?.read(data as Buffer)
    if (media) return this.#onAudio(media, data)
    const text = data.toString()
    const frame = parseFrame(text)
    if (!frame) return this.#refuse('not a frame')
    if (frame.event === 'connected') return this.#tellTransport(text)
    if (frame.event === 'start') return this.#onStart(frame, text)
    if (!this.#start) return this.#refuse('before start')
    if (frame.streamSid !== this.#start.frame.streamSid) return this.#refuse('of another stream')
    if (frame.event === 'media') return this.#onAudio(frame, data)
    if (frame.event === 'mark') return this.#onMark(frame.name, data, text)
    this.#tellTransport(text)
    this.#onFrame(frame)
  }

  #onStart(frame: StartFrame, text: string): void {
    if (this.#start) return this.#refuse('second start')
    this.#start = { frame, text }
    this.#media = new MediaReader(frame.streamSid)
    this.#state = 'open'
    this.#tellTransport(text)
    this.emit('start', frame)
  }

  #onFrame(frame: Exclude<Frame, { event: 'connected' | 'start' | 'media' | 'mark' }>): void {
    switch (frame.event) {
      case 'dtmf':
        return void this.emit('digit', frame.digit)
      case 'stop':
        this.#state = 'stopped'
        return void this.emit('gone', { stopped: true, code: 1000 })
    }
  }

  #onAudio(frame: MediaFrame, message: RawData): void {
    this.#rawTap?.(message)
    if (this.#sink) return this.#sink(frame)
    this.#held.push(frame)
    this.#heldMs += lengthMs(frame)
    while (this.#heldMs > this.#maxHeldMs) {
      const oldest = this.#held.shift()
      if (!oldest) return
      this.#heldMs -= lengthMs(oldest)
      this.#droppedMs += lengthMs(oldest)
    }
  }

  #onMark(name: string, message: RawData, text: string): void {
    if (this.#marksOwed > 0) this.#marksOwed -= 1
    const { before, isNews, isOld } = this.playback.markCameBack(name)
    this.#tellMarks(before)
    if (isOld || isOurMark(name)) this.#rawTap?.(message)
    else this.#tellTransport(text)
    if (isNews) this.#onPlaybackMoved()
  }

  /** What the SDK would have been told by Twilio, of marks that Twilio does not return. */
  #tellMarks(names: readonly string[]): void {
    for (const name of names) {
      if (!isOurMark(name)) this.#tellTransport(JSON.stringify({ event: 'mark', mark: { name } }))
    }
  }

  #onPlaybackMoved(): void {
    this.#sendWaiting()
    this.#playbackChanged(false)
  }

  /** One timer for all marks: it looks at the clock, and is set anew only when it has fired. */
  #lookLater(): void {
    const dueAt = this.playback.nextLookAt
    if (dueAt === undefined) {
      this.#lookTimer = undefined
      return
    }
    const inMs = Math.max(1, Math.ceil(dueAt - performance.now()))
    this.#lookTimer = setTimeout(
      () => {
        this.#contain(() => {
          this.answerDueMarks()
          this.#sendWaiting()
        })
        if (this.#state === 'open') this.#lookLater()
      },
      this.#waiting.length > 0 ? Math.min(inMs, LOOK_MS) : inMs
    ).unref()
  }

  #onClose(code: number): void {
    const before = this.#state
    this.#state = 'closed'
    clearTimeout(this.#lookTimer)
    this.#held = []
    this.#sink = undefined
    if (before === 'waiting' || before === 'open') this.emit('gone', { stopped: false, code })
  }

  /** The SDK writes JSON for a socket; what it means has to be known here, so that playback can be. */
  #sendFromTransport(message: string): void {
    const frame = JSON.parse(message) as { event: string; media?: { payload: string }; mark?: { name: string } }
    if (frame.event === 'media' && frame.media) this.sendMedia(frame.media.payload)
    else if (frame.event === 'mark' && frame.mark) this.sendMark(frame.mark.name)
    else if (frame.event === 'clear') this.sendClear()
  }

  #send(message: string): void {
    if (this.#tcp.writableCorked === 0) {
      this.#tcp.cork()
      atTurnsEnd(this.#uncork)
    }
    this.#socket.send(message)
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#abuse('unread bytes')
  }

  readonly #uncork = (): void => this.#tcp.uncork()

  #sendInTime(message: string, ms: number): void {
    if (this.#waiting.length === 0 && this.playback.aheadMs <= MAX_AHEAD_MS) return this.#send(message)
    this.#waiting.push({ message, ms })
    this.#waitingMs += ms
    this.#waitingBytes += message.length
  }

  /** On a line that lives, what does not fit is not kept; one that neither takes nor sends anything is dead. */
  #hasRoomFor(message: string): boolean {
    if (this.#waitingBytes + message.length <= MAX_UNSENT_BYTES) return true
    if (this.#socket.bufferedAmount > 0 || this.quietMs > ALIVE_MS) this.#abuse('unplayed bytes')
    return false
  }

  #drop(): void {
    if (this.#hasDropped) return
    this.#hasDropped = true
    this.emit('dropped')
  }

  /** Twilio has played something and has room again. */
  #sendWaiting(): void {
    while (this.#waiting.length > 0 && this.playback.aheadMs - this.#waitingMs <= MAX_AHEAD_MS) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#waitingMs -= next.ms
      this.#waitingBytes -= next.message.length
      this.#send(next.message)
    }
  }

  #forgetWaiting(): void {
    this.#waiting = []
    this.#waitingMs = 0
    this.#waitingBytes = 0
  }

  /** What a listener throws would leave ws as an uncaught exception, and end every other call too. */
  #contain(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.emit('fault', error)
    }
  }

  #tellTransport(data: string): void {
    for (const listener of this.#transportListeners) listener({ data })
  }

  #playbackChanged(cleared: boolean): void {
    const { isAgentPlaying } = this.playback
    if (isAgentPlaying === this.#wasPlaying) return
    this.#wasPlaying = isAgentPlaying
    if (isAgentPlaying) this.emit('playing')
    else this.emit('silent', { cleared })
  }

  #withinRate(now: number): boolean {
    const earned = ((now - this.#creditAt) / 1_000) * MAX_FRAMES_PER_SECOND
    this.#frameCredit = Math.min(MAX_BURST_FRAMES + this.#marksOwed, this.#frameCredit + earned) - 1
    this.#creditAt = now
    return this.#frameCredit >= 0
  }

  #refuse(why: RefusedFrame): void {
    if (this.#complained.has(why)) return
    this.#complained.add(why)
    this.emit('refused', why)
  }

  #abuse(limit: string): void {
    if (this.#state === 'closed') return
    this.close(1008)
    this.#socket.terminate()
    this.emit('abused', limit)
  }
}

function lengthMs(frame: MediaFrame): number {
  return frame.audio.byteLength / BYTES_PER_MS
}
