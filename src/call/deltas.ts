/** The model's spoken answer, 200 ms or so a message, and its words. (OpenAI Realtime API, server events) */
const AUDIO = '{"type":"response.output_audio.delta"'
const TRANSCRIPT = '{"type":"response.output_audio_transcript.delta"'
const DELTA = '"delta":"'

/** The fields of a delta of audio that the SDK asks for. */
export interface AudioDelta {
  readonly item_id: string
  readonly response_id: string
  readonly content_index: number
}

/** The fields of a transcript's delta that the SDK passes on. */
export interface TranscriptDelta {
  readonly item_id: string
  readonly response_id: string
  readonly delta: string
}

/**
 * The audio in a message, if that is what it brings, and the rest of it: taken apart before it is parsed, so that it is not
 * parsed twice, copied, decoded and encoded again on its way from one socket to the other.
 * @returns `payload` in base64; undefined for every other message, and for one that is written in an unusual way
 */
export function audioDelta(message: string): { event: AudioDelta; payload: string } | undefined {
  if (!message.startsWith(AUDIO)) return undefined
  const start = message.indexOf(DELTA) + DELTA.length
  const end = message.indexOf('"', start)
  const payload = message.slice(start, end)
  // A slash may be written as `\/` in JSON.
  if (start < DELTA.length || payload.length % 4 !== 0 || payload.includes('\\')) return undefined
  const event = JSON.parse(message.slice(0, start) + message.slice(end)) as Partial<AudioDelta>
  const isWhole = hasTexts(event, 'item_id', 'response_id') && typeof event.content_index === 'number'
  return isWhole ? { event: event as AudioDelta, payload } : undefined
}

/** The words in a message, if that is what it brings: the SDK would parse them twice to tell two listeners of them. */
export function transcriptDelta(message: string): TranscriptDelta | undefined {
  if (!message.startsWith(TRANSCRIPT)) return undefined
  const event = JSON.parse(message) as Partial<TranscriptDelta>
  return hasTexts(event, 'item_id', 'response_id', 'delta') ? (event as TranscriptDelta) : undefined
}

function hasTexts<Event extends object>(event: Event, ...fields: (keyof Event)[]): boolean {
  return fields.every((field) => typeof event[field] === 'string')
}
