import { z } from 'zod'

/** What Twilio sends on a media stream, reduced to what this server uses. (Twilio Media Streams: WebSocket messages) */
export type Frame = ConnectedFrame | StartFrame | MediaFrame | DtmfFrame | MarkFrame | StopFrame

export interface ConnectedFrame {
  readonly event: 'connected'
}

export interface StartFrame {
  readonly event: 'start'
  readonly streamSid: string
  readonly callSid: string
  /** The `<Parameter>`s of our `<Stream>`. Not to be believed before their token was verified. */
  readonly customParameters: Readonly<Record<string, string>>
  /** mu-law, 8 kHz, one channel: without it lengths in milliseconds cannot be told from bytes. */
  readonly isMulaw8k: boolean
}

export interface MediaFrame {
  readonly event: 'media'
  readonly streamSid: string
  /** Base64 of raw mu-law, 8 bytes a millisecond; 160 bytes each 20 ms. */
  readonly payload: string
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

const sid = z.string().min(1).max(64)

const Start = z.object({
  event: z.literal('start'),
  streamSid: sid,
  start: z.object({
    // Read by the SDK's transport, which takes this one and not the one above.
    streamSid: sid,
    callSid: sid,
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

/** A media frame exactly as Twilio writes it. Fifty come each second of each call, so JSON.parse is kept for the rest. */
const MEDIA =
  /^\{"event":"media","sequenceNumber":"\d+","media":\{"track":"inbound","chunk":"\d+","timestamp":"(\d{1,9})","payload":"([A-Za-z0-9+/]+={0,2})"\},"streamSid":"(\w+)"\}$/

/** One frame, or undefined for anything Twilio would not send. Never throws. */
export function parseFrame(text: string): Frame | undefined {
  const media = MEDIA.exec(text)
  if (media) return checkedMedia(media[3] ?? '', media[2] ?? '', parseTimestamp(media[1]))
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return undefined
  }
  if (isMedia(message)) return mediaFrame(message)
  const parsed = Other.safeParse(message)
  return parsed.success ? otherFrame(parsed.data) : undefined
}

type Media = { streamSid: string; media: { payload: string; timestamp?: unknown } }

function isMedia(message: unknown): message is Media {
  const frame = message as (Media & { event?: unknown }) | null
  return (
    frame?.event === 'media' &&
    typeof frame.streamSid === 'string' &&
    typeof frame.media === 'object' &&
    typeof frame.media?.payload === 'string'
  )
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

function mediaFrame({ streamSid, media }: Media): MediaFrame | undefined {
  const { payload, timestamp } = media
  return BASE64.test(payload) ? checkedMedia(streamSid, payload, parseTimestamp(timestamp)) : undefined
}

function checkedMedia(streamSid: string, payload: string, timestampMs: number | undefined): MediaFrame | undefined {
  return payload.length % 4 === 0 ? { event: 'media', streamSid, payload, timestampMs } : undefined
}

/** No call lasts longer than a day, so no stream does: a later timestamp is nonsense and would be padded with silence. */
const LONGEST_CALL_MS = 24 * 3_600_000

/** Twilio writes timestamps as decimal strings; the SDK, and so we, take nothing else. */
function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) return undefined
  const timestampMs = Number(value)
  return timestampMs <= LONGEST_CALL_MS ? timestampMs : undefined
}

function otherFrame(message: z.infer<typeof Other>): Frame {
  switch (message.event) {
    case 'connected':
      return { event: 'connected' }
    case 'start': {
      const { callSid, customParameters, mediaFormat: format } = message.start
      const isMulaw8k = format?.encoding === 'audio/x-mulaw' && format.sampleRate === 8_000 && format.channels === 1
      return { event: 'start', streamSid: message.streamSid, callSid, customParameters, isMulaw8k }
    }
    case 'dtmf':
      return { event: 'dtmf', streamSid: message.streamSid, digit: message.dtmf.digit }
    case 'mark':
      return { event: 'mark', streamSid: message.streamSid, name: message.mark.name }
    case 'stop':
      return { event: 'stop', streamSid: message.streamSid }
  }
}

/** The number of bytes that base64 stands for. */
export function base64Bytes(payload: string): number {
  const padding = payload.endsWith('==') ? 2 : payload.endsWith('=') ? 1 : 0
  return (payload.length / 4) * 3 - padding
}

/** 8 kHz, one byte a sample: 8 bytes are one millisecond. */
export const BYTES_PER_MS = 8
