import { type ModelEvents, parseEvent } from './events.ts'

const AUDIO = 'response.output_audio.delta'
const DELTA = '"delta":"'
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
/**
 * Two seconds of audio, in base64 characters. Longer audio is cut into pieces, because what was heard is known only
 * from mark to mark, and because the SDK reads 125 kB at most (it spreads the bytes into the arguments of one call).
 * Every piece but the last is whole base64.
 */
const PIECE = 21_336

interface Audio {
  /** The event with its `delta` left out or empty. */
  readonly event: ModelEvents[typeof AUDIO]
  /** The audio in base64, in pieces that the SDK can read. */
  readonly pieces: readonly string[]
}

/**
 * Separates the audio in a `response.output_audio.delta` from the rest of the event before it is parsed. The audio is
 * then not parsed twice, copied, decoded and encoded on its way between the sockets.
 * @returns undefined when a field is missing, or the audio cannot be decoded
 */
export function audioDelta(message: string): Audio | undefined {
  const start = message.indexOf(DELTA) + DELTA.length
  const end = message.indexOf('"', start)
  const payload = message.slice(start, end)
  if (start < DELTA.length || !isBase64(payload)) return rewrittenDelta(message)
  const event = parseEvent(AUDIO, message.slice(0, start) + message.slice(end))
  return event && { event, pieces: piecesOf(payload) }
}

/** Audio that is written in an unusual way: escaped, without padding, or with spaces around it. */
function rewrittenDelta(message: string): Audio | undefined {
  const event = parseEvent(AUDIO, message) as (ModelEvents[typeof AUDIO] & { delta?: unknown }) | undefined
  if (typeof event?.delta !== 'string') return undefined
  try {
    const payload = btoa(atob(event.delta))
    return payload === '' ? undefined : { event, pieces: piecesOf(payload) }
  } catch {
    return undefined
  }
}

/** Where audio is decoded to see whether it can be: the decoder takes as much as it understands, and base64url too. */
const scratch = Buffer.allocUnsafe(64 * 1024)

function isBase64(text: string): boolean {
  if (text.length === 0 || text.length % 4 !== 0) return false
  const size = Buffer.byteLength(text, 'base64')
  if (size > scratch.length) return BASE64.test(text)
  return scratch.write(text, 'base64') === size && !text.includes('-') && !text.includes('_')
}

function piecesOf(payload: string): string[] {
  const pieces: string[] = []
  for (let at = 0; at < payload.length; at += PIECE) pieces.push(payload.slice(at, at + PIECE))
  return pieces
}
