import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { AudioFrame, CallerLeg, CallerLegEvents, Gone, Tap } from '../call/caller-leg.ts'
import { contain } from '../call/contain.ts'
import { type Answered, type Owner, Playback } from '../call/playback.ts'
import { MediaReader, parseFrame, parseJson, type StartFrame } from './frames.ts'
import { HeldAudio } from './held-audio.ts'
import { Liveness } from './liveness.ts'
import { Outbox } from './outbox.ts'

type RefusedFrame = 'binary' | 'not a frame' | 'before start' | 'second start' | 'of another stream'

/** A peer that does not answer the closing handshake is cut off after this time; ws itself would wait 30 s. */
const CLOSE_LIMIT_MS = 2_000
/** 1008 is "policy violation": the stream belonged to no call. (RFC 6455, 7.4.1) */
const CLOSE_CODES = { over: 1000, refused: 1008 }

/** The caller's leg over Twilio Media Streams. No other code uses Twilio's socket. Nothing is sent before `start`. */
export class MediaStream extends EventEmitter<CallerLegEvents> implements CallerLeg {
  readonly playback = new Playback()
  readonly #socket: WebSocket
  readonly #liveness: Liveness
  readonly #outbox: Outbox
  readonly #held: HeldAudio
  readonly #taps = new Set<Tap>()
  readonly #rawListeners = new Set<(message: unknown) => void>()
  readonly #complained = new Set<RefusedFrame>()
  #state: 'waiting' | 'open' | 'gone' | 'closed' = 'waiting'
  #streamSid: string | undefined
  #media: MediaReader | undefined
  #wasPlaying = false
  #wasClearing = false

  /**
   * Must be called in the tick in which the socket was accepted: ws drops what arrives before a listener.
   * @param tcp the connection under the WebSocket
   * @param maxHeldMs the most caller audio that is held while there is no model, in ms; the oldest is dropped first
   */
  constructor(socket: WebSocket, tcp: Duplex, maxHeldMs: number) {
    super()
    this.#socket = socket
    this.#held = new HeldAudio(maxHeldMs)
    this.#liveness = new Liveness((gone) => this.#contain(() => this.#onGone(gone)))
    this.#outbox = new Outbox(socket, tcp, this.playback, this.#liveness, {
      due: () => this.#contain(() => this.settle()),
      dropped: () => this.emit('dropped'),
      abused: (limit) => this.#abuse(limit)
    })
    socket.on('message', (data, isBinary) => {
      try {
        this.#onMessage(data, isBinary)
      } catch (error) {
        // As in #contain, without a closure for each frame.
        this.emit('fault', error)
      }
    })
    socket.on('ping', () => {
      if (!this.#liveness.ping()) this.#contain(() => this.#abuse('frames a second'))
    })
    socket.on('close', () => this.#contain(() => this.#onGone('closed')))
    // A socket error is always followed by 'close' (ws), which is where the stream ends.
    socket.on('error', () => {})
  }

  get streamSid(): string | undefined {
    return this.#streamSid
  }

  /** Caller audio that was dropped because the model was away for too long, in ms. */
  get droppedMs(): number {
    return this.#held.droppedMs
  }

  flowTo(sink: (frame: AudioFrame) => void): void {
    this.#held.flowTo(sink)
  }

  hold(): void {
    this.#held.hold()
  }

  tap(tap: Tap): () => void {
    this.#taps.add(tap)
    return () => void this.#taps.delete(tap)
  }

  onRaw(listener: (message: unknown) => void): () => void {
    this.#rawListeners.add(listener)
    return () => void this.#rawListeners.delete(listener)
  }

  play(audio: string, owner: Owner): void {
    if (this.#state !== 'open' || !this.#outbox.play(audio, owner)) return
    for (const tap of this.#taps) tap.agent?.(audio, owner)
  }

  mark(name: string, item: string, isLast: boolean): void {
    if (this.#state !== 'open') return
    this.#outbox.mark(name, item, isLast)
    for (const tap of this.#taps) tap.mark?.(name)
    this.#playbackChanged(false)
  }

  settle(): void {
    if (this.#state === 'open') this.#tell(this.#outbox.settle(), false)
  }

  clear(): void {
    if (this.#state !== 'open') return
    this.settle()
    for (const tap of this.#taps) tap.clear?.()
    this.#tell(this.#outbox.clear(), true)
  }

  close(why: 'over' | 'refused'): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#end()
    this.#socket.close(CLOSE_CODES[why])
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_LIMIT_MS).unref()
    this.#socket.once('close', () => clearTimeout(timer))
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#state === 'gone' || this.#state === 'closed') return
    if (!this.#liveness.message()) return this.#abuse('frames a second')
    if (isBinary) return this.#refuse('binary')
    if (this.#rawListeners.size > 0) this.#tellRaw(data)
    const media = this.#media?.read(data as Buffer)
    if (media) return this.#onAudio(media)
    const frame = parseFrame(data.toString())
    if (!frame) return this.#refuse('not a frame')
    if (frame.event === 'connected') return
    if (frame.event === 'start') return this.#onStart(frame)
    if (this.#streamSid === undefined) return this.#refuse('before start')
    if (frame.streamSid !== this.#streamSid) return this.#refuse('of another stream')
    switch (frame.event) {
      case 'media':
        return this.#onAudio(frame)
      case 'mark':
        this.#liveness.markCameBack()
        for (const tap of this.#taps) tap.markCameBack?.(frame.name)
        return this.#tell(this.#outbox.markCameBack(frame.name), false)
      case 'dtmf':
        return void this.emit('key', frame.digit)
      case 'stop':
        return this.#onGone('stopped')
    }
  }

  #onStart(start: StartFrame): void {
    if (this.#streamSid !== undefined) return this.#refuse('second start')
    this.#streamSid = start.streamSid
    this.#media = new MediaReader(start.streamSid)
    this.#outbox.open(start.streamSid)
    this.#liveness.started()
    this.#state = 'open'
    this.emit('start', start)
  }

  #onAudio(frame: AudioFrame): void {
    if (this.#taps.size > 0) for (const tap of this.#taps) tap.caller?.(frame)
    this.#held.push(frame)
  }

  #onGone(gone: Gone): void {
    if (this.#state === 'gone' || this.#state === 'closed') return
    this.#state = 'gone'
    this.#end()
    this.emit('gone', gone)
  }

  /** Stops both directions. Before the end is reported, items that are being played count as heard up to now. */
  #end(): void {
    this.#liveness.stop()
    this.#held.forget()
    this.#contain(() => this.#tell(this.#outbox.close(), false))
  }

  /**
   * `marks` and `heard` come before `silent`, because a listener of `silent` may ask the model's leg how much was
   * heard.
   */
  #tell({ marks, heard }: Answered, cleared: boolean): void {
    if (marks.length > 0) this.emit('marks', marks)
    for (const item of heard) this.emit('heard', item)
    this.#playbackChanged(cleared)
    this.#clearingChanged()
  }

  #tellRaw(data: RawData): void {
    const message = parseJson(data.toString())
    if (typeof message !== 'object' || message === null) return
    for (const listener of this.#rawListeners) this.#contain(() => listener(message))
  }

  #playbackChanged(cleared: boolean): void {
    const { isAgentPlaying } = this.playback
    if (this.#state !== 'open' || isAgentPlaying === this.#wasPlaying) return
    this.#wasPlaying = isAgentPlaying
    if (isAgentPlaying) this.emit('playing')
    else this.emit('silent', { cleared })
  }

  #clearingChanged(): void {
    const { isClearing } = this.playback
    if (isClearing === this.#wasClearing) return
    this.#wasClearing = isClearing
    if (isClearing) return
    for (const tap of this.#taps) tap.cleared?.()
    this.emit('cleared')
  }

  #refuse(why: RefusedFrame): void {
    if (this.#complained.has(why)) return
    this.#complained.add(why)
    this.emit('refused', why)
  }

  #abuse(limit: string): void {
    if (this.#state === 'closed') return
    this.close('refused')
    this.#socket.terminate()
    this.emit('abused', limit)
  }

  /** Without this, an exception of a listener's would be uncaught and end every other call too. */
  #contain(run: () => void): void {
    contain(run, (error) => this.emit('fault', error))
  }
}
