import { z } from 'zod'
import { Base64 } from '../wire/base64.ts'

/**
 * A frame that Twilio sends on a media stream, reduced to the fields that this server uses. (Twilio Media Streams:
 * WebSocket messages)
 */
export type Frame = ConnectedFrame | StartFrame | MediaFrame | DtmfFrame | MarkFrame | StopFrame

export interface ConnectedFrame {
  readonly event: 'connected'
}

export interface StartFrame {
  readonly event: 'start'
  readonly streamSid: string
  readonly callSid: string
  /** The `<Parameter>`s of this server's `<Stream>`. Not trusted before their token was verified. */
  readonly customParameters: Readonly<Record<string, string>>
  /** The caller is the simulator. */
  readonly isPractice: boolean
  /** mu-law, 8 kHz, one channel: without it lengths in milliseconds cannot be told from bytes. */
  readonly isMulaw8k: boolean
}

export interface MediaFrame {
  readonly event: 'media'
  readonly streamSid: string
  /** Raw mu-law, 8 bytes a millisecond; 160 bytes each 20 ms. */
  readonly audio: Base64
  /** Milliseconds since the stream began; undefined when it is not a plausible whole number. */
  readonly timestampMs: number | undefined
}

export interface DtmfFrame {
  readonly event: 'dtmf'
  readonly streamSid: string
  readonly digit: string
}

export interface MarkFrame {
  readonly event: 'mark'
  readonly streamSid: string
  readonly name: string
}

export interface StopFrame {
  readonly event: 'stop'
  readonly streamSid: string
}

/** The simulator's account, which Twilio gives to nobody. */
export const PRACTICE_ACCOUNT = `AC${'feedface'.repeat(4)}`

const sid = z.string().min(1).max(64)

const Start = z.object({
  event: z.literal('start'),
  streamSid: sid,
  start: z.object({
    // The SDK's transport reads this one and not the one above.
    streamSid: sid,
    callSid: sid,
    accountSid: z.string().optional(),
    customParameters: z.record(z.string(), z.string()).default({}),
    mediaFormat: z.object({ encoding: z.string(), sampleRate: z.number(), channels: z.number() }).optional()
  })
})
const Dtmf = z.object({
  event: z.literal('dtmf'),
  streamSid: sid,
  dtmf: z.object({ digit: z.string().regex(/^[0-9*#A-D]$/) })
})
const Mark = z.object({ event: z.literal('mark'), streamSid: sid, mark: z.object({ name: z.string().max(256) }) })
const Stop = z.object({ event: z.literal('stop'), streamSid: sid })
const Connected = z.object({ event: z.literal('connected') })
const Other = z.discriminatedUnion('event', [Start, Dtmf, Mark, Stop, Connected])

/** A media frame up to its payload, exactly as Twilio writes it; `#` stands for a number. */
const MEDIA = Buffer.from(
  '{"event":"media","sequenceNumber":"#","media":{"track":"inbound","chunk":"#","timestamp":"#","payload":"'
)
const NUMBER = '#'.charCodeAt(0)
const ZERO = '0'.charCodeAt(0)

/** Reads the media frames of one stream from their bytes, without a string or JSON: each call brings 50 a second. */
export class MediaReader {
  readonly #streamSid: string
  /**
   * The bytes after the payload. Not a Buffer: a small one would keep a slab of Node's pool (8 KiB) for the whole call.
   */
  readonly #rest: Uint8Array

  constructor(streamSid: string) {
    this.#streamSid = streamSid
    this.#rest = new TextEncoder().encode(`"},"streamSid":${JSON.stringify(streamSid)}}`)
  }

  /**
   * Undefined for other messages and for a media frame that is not written exactly as Twilio does. `parseFrame` reads
   * those.
   */
  read(message: Buffer): MediaFrame | undefined {
    const rest = this.#rest
    const end = message.length - rest.length
    if (end < MEDIA.length) return undefined
    let at = 0
    let number = 0
    for (let index = 0; index < MEDIA.length; index += 1) {
      if (MEDIA[index] !== NUMBER) {
        if (message[at] !== MEDIA[index]) return undefined
        at += 1
        continue
      }
      const first = at
      number = 0
      for (let digit = digitAt(message, at); digit >= 0 && digit <= 9; digit = digitAt(message, at)) {
        number = number * 10 + digit
        at += 1
      }
      if (at === first) return undefined
    }
    for (let index = 0; index < rest.length; index += 1) if (message[end + index] !== rest[index]) return undefined
    const audio = Base64.within(message, at, end)
    return audio && { event: 'media', streamSid: this.#streamSid, audio, timestampMs: plausible(number) }
  }
}

function digitAt(message: Buffer, at: number): number {
  return (message[at] ?? 0) - ZERO
}

/** Undefined when the text is not JSON. Never throws. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** One frame, or undefined for anything Twilio would not send. Never throws. */
export function parseFrame(text: string): Frame | undefined {
  const message = parseJson(text)
  if (isMedia(message)) return mediaFrame(message)
  const parsed = Other.safeParse(message)
  return parsed.success ? otherFrame(parsed.data) : undefined
}

type Media = { streamSid: string; media: { payload: string; timestamp?: unknown } }

function isMedia(message: unknown): message is Media {
  const frame = message as (Media & { event?: unknown }) | null | undefined
  return (
    frame?.event === 'media' &&
    typeof frame.streamSid === 'string' &&
    typeof frame.media === 'object' &&
    typeof frame.media?.payload === 'string'
  )
}

function mediaFrame({ streamSid, media }: Media): MediaFrame | undefined {
  const audio = Base64.from(media.payload)
  return audio && { event: 'media', streamSid, audio, timestampMs: parseTimestamp(media.timestamp) }
}

/** A call lasts a day at most. A later timestamp is wrong, and the gap before it would be filled with silence. */
const LONGEST_CALL_MS = 24 * 3_600_000

/** Twilio writes timestamps as decimal strings. The SDK accepts nothing else, and neither does this server. */
function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) return undefined
  return plausible(Number(value))
}

function plausible(timestampMs: number): number | undefined {
  return timestampMs <= LONGEST_CALL_MS ? timestampMs : undefined
}

function otherFrame(message: z.infer<typeof Other>): Frame {
  switch (message.event) {
    case 'connected':
      return { event: 'connected' }
    case 'start': {
      const { callSid, customParameters, mediaFormat: format, accountSid } = message.start
      const isMulaw8k = format?.encoding === 'audio/x-mulaw' && format.sampleRate === 8_000 && format.channels === 1
      const isPractice = accountSid === PRACTICE_ACCOUNT
      return { event: 'start', streamSid: message.streamSid, callSid, customParameters, isPractice, isMulaw8k }
    }
    case 'dtmf':
      return { event: 'dtmf', streamSid: message.streamSid, digit: message.dtmf.digit }
    case 'mark':
      return { event: 'mark', streamSid: message.streamSid, name: message.mark.name }
    case 'stop':
      return { event: 'stop', streamSid: message.streamSid }
  }
}
