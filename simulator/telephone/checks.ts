import * as z from 'zod'
import { TwilioRefusal } from './errors.ts'

const Base64 = z
  .string()
  .min(1)
  .refine((text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text), 'not base64')

const MediaFrame = z.strictObject({
  event: z.literal('media'),
  streamSid: z.string(),
  media: z.strictObject({ payload: Base64 })
})

const MarkFrame = z.strictObject({
  event: z.literal('mark'),
  streamSid: z.string(),
  mark: z.strictObject({ name: z.string().min(1) })
})

const ClearFrame = z.strictObject({ event: z.literal('clear'), streamSid: z.string() })

/** All frames that a server may send: https://www.twilio.com/docs/voice/media-streams/websocket-messages */
const ServerFrame = z.discriminatedUnion('event', [MediaFrame, MarkFrame, ClearFrame])
export type ServerFrame = z.infer<typeof ServerFrame>

/** Parses a frame of the server's. @throws TwilioRefusal with the error that Twilio would log */
export function checkFrame(data: Buffer, isBinary: boolean, streamSid: string): ServerFrame {
  if (isBinary) throw new TwilioRefusal(31950, `a binary frame of ${data.length} bytes`)
  const text = data.toString()
  const parsed = ServerFrame.safeParse(parse(text))
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error).replaceAll('\n', ' '), text)
  if (parsed.data.streamSid !== streamSid) throw invalid(`not of this stream (${streamSid})`, text)
  return parsed.data
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('not JSON', text)
  }
}

function invalid(why: string, text: string): TwilioRefusal {
  return new TwilioRefusal(31951, `${why}: ${text.slice(0, 200)}`)
}
