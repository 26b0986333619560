import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Answered, Owner, Playback } from '../call/playback.ts'
import { BYTES_PER_MS } from '../wire/mulaw.ts'
import { atTurnsEnd } from '../wire/turns-end.ts'
import type { Liveness } from './liveness.ts'

export interface OutboxListener {
  /** `settle` has to be called: marks may be due that Twilio does not return. */
  due(): void
  /** The first audio was dropped because it is too far ahead of the caller. */
  dropped(): void
  /** Twilio reads nothing any more. */
  abused(limit: string): void
}

interface Waiting {
  readonly message: string
  readonly ms: number
  readonly isMark: boolean
}

/** Twilio discards audio that is more than 10 minutes ahead (error 31931). Audio beyond this limit waits here. */
const MAX_AHEAD_MS = 5 * 60_000
/**
 * Some 6 minutes of mu-law as base64, unread by Twilio or too early to be played. Beyond it, audio is dropped or a dead
 * line is closed.
 */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024
/** A line without a frame for this long may be dead; Twilio sends one every 20 ms. */
const ALIVE_MS = 250
/** The waiting audio is checked this often when no mark is returned meanwhile. */
const LOOK_MS = 1_000

/** Sends `media`, `mark` and `clear` to Twilio, in order, and no sooner than Twilio can keep them. */
export class Outbox {
  readonly #socket: WebSocket
  readonly #tcp: Duplex
  readonly #playback: Playback
  readonly #liveness: Liveness
  readonly #listener: OutboxListener
  /** The streamSid as JSON, in quotes. */
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

  /** @returns false when the audio was dropped */
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

  /** Marks the end of everything sent so far. The mark goes to Twilio only where `Playback.mark` asks for it. */
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

  markCameBack(name: string): Answered {
    const answered = this.#playback.markCameBack(name)
    this.#sendWaiting()
    return answered
  }

  /** Answers the marks that are due by the clock. */
  settle(): Answered {
    const answered = this.#playback.answerDue()
    this.#sendWaiting()
    return answered
  }

  /** Sends nothing any more, and counts nothing more as played. Safe to call twice. */
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

  /** Sends waiting messages, as far as Twilio has room for more audio again. */
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

  readonly #uncork = (): void => {
    this.#tcp.uncork()
    this.#playback.written()
  }

  /**
   * False when the message does not fit: a line that is alive drops it, a line that neither reads nor sends is closed.
   */
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

  /** One timer for all marks. It reads the clock, and is set again only when it has fired. */
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
