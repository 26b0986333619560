import { audioPool } from './audio.ts'
import { applyMask, frameFor, MASK, TEXT } from './lean-socket.ts'
import { STAMP_CHARS, writeStamp } from './stamp.ts'

/** Twilio's frames: 160 bytes of mu-law every 20 ms. */
export const FRAME_MS = 20
const FRAME_BYTES = 160

const POOL = audioPool(FRAME_BYTES)
/** Counters begin here and keep their length, so that each frame can be written over the last one. */
const FIRST = 1_000_000
const COUNTER_DIGITS = 7

/** One call's `media` frames, each written into the same bytes. */
export class MediaFrames {
  readonly #text: Buffer
  readonly #frame: Buffer
  readonly #sequenceAt: number
  readonly #chunkAt: number
  readonly #timestampAt: number
  readonly #payloadAt: number

  constructor(streamSid: string) {
    const payload = 'A'.repeat(STAMP_CHARS + (POOL[0]?.length ?? 0))
    const text = `{"event":"media","sequenceNumber":"1000000","media":{"track":"inbound","chunk":"1000000","timestamp":"1000000","payload":"${payload}"},"streamSid":"${streamSid}"}`
    this.#text = Buffer.from(text)
    this.#frame = frameFor(TEXT, this.#text.length, true)
    this.#sequenceAt = after(text, '"sequenceNumber":"')
    this.#chunkAt = after(text, '"chunk":"')
    this.#timestampAt = after(text, '"timestamp":"')
    this.#payloadAt = after(text, '"payload":"')
  }

  /** The next frame, ready for the socket. Valid until the next call. */
  next(sender: number, sequence: number): Buffer {
    const text = this.#text
    writeCounter(text, this.#sequenceAt, FIRST + sequence + 2)
    writeCounter(text, this.#chunkAt, FIRST + sequence + 1)
    writeCounter(text, this.#timestampAt, FIRST + sequence * FRAME_MS)
    POOL[(sender * 31 + sequence) % POOL.length]?.copy(text, this.#payloadAt + STAMP_CHARS)
    writeStamp(text, this.#payloadAt, { sender, sequence, sentAt: performance.now() })
    const start = this.#frame.length - text.length
    text.copy(this.#frame, start)
    applyMask(this.#frame, start, this.#frame.length, MASK)
    return this.#frame
  }
}

function after(text: string, key: string): number {
  return text.indexOf(key) + key.length
}

function writeCounter(text: Buffer, at: number, value: number): void {
  let rest = value
  for (let digit = COUNTER_DIGITS - 1; digit >= 0; digit -= 1) {
    text[at + digit] = 0x30 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}
