import { base64Bytes } from '../twilio/frames.ts'

/** The model's spoken answer, 200 ms or so a message, and its words. (OpenAI Realtime API, server events) */
const AUDIO_DELTA = '{"type":"response.output_audio.delta"'
const TRANSCRIPT_DELTA = '{"type":"response.output_audio_transcript.delta"'
const DELTA = '"delta":"'

/** The fields of a transcript's delta that the SDK passes on. */
export interface TranscriptDelta {
  readonly item_id: string
  readonly response_id: string
  readonly delta: string
}

/**
 * Takes the audio out of a message before the SDK reads it, so that it is not parsed twice, copied, decoded and encoded
 * again on its way from one socket to the other. The SDK still sees every message, and how long its audio is: marks,
 * truncation and everything else stay its own.
 */
export class AudioShortcut {
  #payload: string | undefined

  /** The audio that was taken out of the message the SDK is reading; undefined when none was. */
  get payload(): string | undefined {
    return this.#payload
  }

  /** What the SDK gets to read of a message. */
  shorten(message: string): string {
    this.#payload = undefined
    if (!message.startsWith(AUDIO_DELTA)) return message
    const start = message.indexOf(DELTA) + DELTA.length
    const end = message.indexOf('"', start)
    const payload = message.slice(start, end)
    // A slash may be written as `\/` in JSON; that, and whatever else is unusual, goes the long way.
    if (start < DELTA.length || payload.length % 4 !== 0 || payload.includes('\\')) return message
    this.#payload = payload
    return message.slice(0, start) + message.slice(end)
  }

  /** The words in a message, if that is what it brings: the SDK would parse them twice to tell two listeners of them. */
  transcriptDelta(message: string): TranscriptDelta | undefined {
    if (!message.startsWith(TRANSCRIPT_DELTA)) return undefined
    const event = JSON.parse(message) as Partial<TranscriptDelta>
    const isWhole = [event.item_id, event.response_id, event.delta].every((value) => typeof value === 'string')
    return isWhole ? (event as TranscriptDelta) : undefined
  }

  /** Stands for the audio that was taken out: the SDK asks for its length, and encodes what is in it: nothing. */
  get stand(): ArrayBuffer {
    return { byteLength: base64Bytes(this.#payload ?? '') } as ArrayBuffer
  }

  forget(): void {
    this.#payload = undefined
  }
}
