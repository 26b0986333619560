import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Answered, Owner, Playback } from '../call/playback.ts'
import { BYTES_PER_MS } from '../wire/mulaw.ts'
import { atTurnsEnd } from '../wire/turns-end.ts'
import type { Liveness } from './liveness.ts'

export interface OutboxListener {
  /** It is time to call `settle`: marks may be due that do not come back. */
  due(): void
  /** The first audio that is too far ahead of the caller to be kept. */
  dropped(): void
  /** Twilio takes nothing any more. */
  abused(limit: string): void
}

interface Waiting {
  readonly message: string
  readonly ms: number
  readonly isMark: boolean
}

/** Twilio throws away what is more than 10 minutes ahead (31931). What is more than this waits here. */
const MAX_AHEAD_MS = 5 * 60_000
/** Some 6 minutes of mu-law as base64 that nobody reads, or that cannot be played so soon: a dead line. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024
/** Twilio sends a frame every 20 ms on a line that lives. */
const ALIVE_MS = 250
/** How often what waits is looked at when no mark has come back meanwhile. */
const LOOK_MS = 1_000

/** Everything that goes to Twilio: `media`, `mark` and `clear`, in order, and no sooner than Twilio can keep it. */
export class Outbox {
  readonly #socket: WebSocket
  readonly #tcp: Duplex
  readonly #playback: Playback
  readonly #liveness: Liveness
  readonly #listener: OutboxListener
  /** As JSON. */
  #streamSid = ''
  #isOpen = false
  #houseMarks = 0
  #hasDropped = false
  /** Audio and marks that are too far ahead to be sent yet, in order. */
  #waiting: Waiting[] = []
  #waitingMs = 0
  #waitingBytes = 0
  #lookTimer: NodeJS.Timeout | undefined

  /** @param tcp the connection under the WebSocket */
  constructor(socket: WebSocket, tcp: Duplex, playback: Playback, liveness: Liveness, listener: OutboxListener) {
    this.#socket = socket
    this.#tcp = tcp
    this.#playback = playback
    this.#liveness = liveness
    this.#listener = listener
  }

  open(streamSid: string): void {
    this.#streamSid = JSON.stringify(streamSid)
    this.#isOpen = true
  }

  /** @returns false when it is not kept */
  play(audio: string, owner: Owner): boolean {
    const bytes = Buffer.byteLength(audio, 'base64')
    const message = `{"event":"media","streamSid":${this.#streamSid},"media":{"payload":"${audio}"}}`
    if (!this.#hasRoomFor(message)) return false
    this.#playback.sent(bytes, owner)
    this.#send({ message, ms: bytes / BYTES_PER_MS, isMark: false })
    if (owner === 'house') {
      this.#houseMarks += 1
      this.mark(`house:${this.#houseMarks}`, undefined, false)
    }
    return true
  }

  /** Asks Twilio to say when everything sent so far has been played, where that is worth a message. */
  mark(name: string, item: string | undefined, isLast: boolean): void {
    if (this.#playback.mark(name, item, isLast)) {
      const message = `{"event":"mark","streamSid":${this.#streamSid},"mark":{"name":${JSON.stringify(name)}}}`
      this.#send({ message, ms: 0, isMark: true })
    }
    if (this.#isOpen && !this.#lookTimer) this.#lookLater()
  }

  clear(): Answered {
    const answered = this.#playback.cleared()
    this.#forgetWaiting()
    this.#write(`{"event":"clear","streamSid":${this.#streamSid}}`)
    return answered
  }

  /** Twilio returned a mark. */
  markCameBack(name: string): Answered {
    const answered = this.#playback.markCameBack(name)
    this.#sendWaiting()
    return answered
  }

  /** The marks that are due by the clock. */
  settle(): Answered {
    const answered = this.#playback.answerDue()
    this.#sendWaiting()
    return answered
  }

  /** Nothing is sent any more, and nothing played. Safe to call twice. */
  close(): Answered {
    this.#isOpen = false
    clearTimeout(this.#lookTimer)
    this.#forgetWaiting()
    return this.#playback.ended()
  }

  #send(next: Waiting): void {
    if (this.#waiting.length === 0 && this.#playback.aheadMs <= MAX_AHEAD_MS) return this.#sendNow(next)
    this.#waiting.push(next)
    this.#waitingMs += next.ms
    this.#waitingBytes += next.message.length
  }

  /** Sends what waits, as far as Twilio has played and has room again. */
  #sendWaiting(): void {
    while (this.#waiting.length > 0 && this.#playback.aheadMs - this.#waitingMs <= MAX_AHEAD_MS) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#waitingMs -= next.ms
      this.#waitingBytes -= next.message.length
      this.#sendNow(next)
    }
  }

  #sendNow({ message, isMark }: Waiting): void {
    if (isMark) this.#liveness.markSent()
    this.#write(message)
  }

  #write(message: string): void {
    if (this.#tcp.writableCorked === 0) {
      this.#tcp.cork()
      atTurnsEnd(this.#uncork)
    }
    this.#socket.send(message)
    if (this.#socket.bufferedAmount > MAX_UNSENT_BYTES) this.#listener.abused('unread bytes')
  }

  readonly #uncork = (): void => this.#tcp.uncork()

  /** On a line that lives, what does not fit is not kept; one that neither takes nor sends anything is dead. */
  #hasRoomFor(message: string): boolean {
    if (this.#waitingBytes + message.length <= MAX_UNSENT_BYTES) return true
    if (this.#socket.bufferedAmount > 0 || this.#liveness.quietMs > ALIVE_MS) this.#listener.abused('unplayed bytes')
    else if (!this.#hasDropped) {
      this.#hasDropped = true
      this.#listener.dropped()
    }
    return false
  }

  #forgetWaiting(): void {
    this.#waiting = []
    this.#waitingMs = 0
    this.#waitingBytes = 0
  }

  /** One timer for all marks: it looks at the clock, and is set anew only when it has fired. */
  #lookLater(): void {
    const dueAt = this.#playback.nextLookAt
    if (dueAt === undefined) {
      this.#lookTimer = undefined
      return
    }
    const inMs = Math.max(1, Math.ceil(dueAt - performance.now()))
    this.#lookTimer = setTimeout(
      () => {
        this.#listener.due()
        if (this.#isOpen) this.#lookLater()
      },
      this.#waiting.length > 0 ? Math.min(inMs, LOOK_MS) : inMs
    ).unref()
  }
}
