/**
 * What the SDK does with an event of the model's, for those with which it does less than it reads: it parses each message
 * twice, checks it with a schema and copies it. Events that are not here take its long way.
 *
 * Written for @openai/agents 0.20.0 (openaiRealtimeBase `_onMessage`, openaiRealtimeWebsocket's message listener) and
 * @openai/agents-extensions 0.18.0, by running each through the SDK's socket. To be held against them when either changes.
 */
const WAYS = {
  /** Handed to `_onAudio`, which the Twilio transport overrides: marks, truncation and the rest stay the SDK's. */
  'response.output_audio.delta': 'audio',
  /** Emitted as `audio_transcript_delta`, for the output guardrails. */
  'response.output_audio_transcript.delta': 'words',
  /** Emitted under its own name, and nothing else. */
  'response.content_part.added': 'nothing',
  'response.content_part.done': 'nothing',
  'response.output_audio_transcript.done': 'nothing',
  'rate_limits.updated': 'nothing',
  'input_audio_buffer.committed': 'nothing',
  /** Stops a timer of the Twilio transport that never runs, because frames take another way (input-gaps.ts). */
  'input_audio_buffer.speech_stopped': 'nothing',
  /** A message comes again as `conversation.item.*`, from which the history has it with its place. Tool calls do not. */
  'response.output_item.added': 'nothing for a message',
  'response.output_item.done': 'nothing for a message',
  /** Acted on by the base class; the socket's listener reads it once more and finds nothing to do. */
  'session.updated': 'once',
  'conversation.item.added': 'once',
  'conversation.item.done': 'once',
  'conversation.item.retrieved': 'once',
  'conversation.item.truncated': 'once',
  'conversation.item.deleted': 'once',
  'conversation.item.input_audio_transcription.completed': 'once',
  'response.output_audio.done': 'once'
} as const

/** `whole`: everything that the SDK does has to be done. */
export type Way = 'audio' | 'words' | 'nothing' | 'once' | 'whole'

/** @param type of the message, cut out of it once (events.ts, `typeOf`) */
export function wayOf(type: string | undefined, message: string): Way {
  if (type === undefined || !Object.hasOwn(WAYS, type)) return 'whole'
  const way = WAYS[type as keyof typeof WAYS]
  if (way !== 'nothing for a message') return way
  return message.includes('"type":"message"') ? 'nothing' : 'once'
}
