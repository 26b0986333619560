/**
 * What the SDK does with events for which it does little. The SDK parses each message twice, checks it with a schema
 * and copies it; events listed here skip that.
 *
 * Written for @openai/agents 0.20.0 (openaiRealtimeBase `_onMessage`, openaiRealtimeWebsocket's message listener) and
 * @openai/agents-extensions 0.18.0, by running each event through the SDK's socket. Compare this list when either
 * version changes.
 */
const WAYS = {
  /** Handed to `_onAudio`, which the Twilio transport overrides: marks, truncation and the rest stay the SDK's. */
  'response.output_audio.delta': 'audio',
  /** Emitted as `audio_transcript_delta`, for the output guardrails. */
  'response.output_audio_transcript.delta': 'words',
  /** The SDK only emits it under its own name. */
  'response.content_part.added': 'nothing',
  'response.content_part.done': 'nothing',
  'response.output_audio_transcript.done': 'nothing',
  'rate_limits.updated': 'nothing',
  'input_audio_buffer.committed': 'nothing',
  /** Stops a timer of the Twilio transport that never runs here, because frames do not pass it (input-gaps.ts). */
  'input_audio_buffer.speech_stopped': 'nothing',
  /** A message comes again as `conversation.item.*`, which the SDK's history uses. A tool call does not. */
  'response.output_item.added': 'nothing for a message',
  'response.output_item.done': 'nothing for a message',
  /** Read by the SDK's base class. The socket's listener would read it a second time without effect. */
  'session.updated': 'once',
  'conversation.item.added': 'once',
  'conversation.item.done': 'once',
  'conversation.item.retrieved': 'once',
  'conversation.item.deleted': 'once',
  /** Emitted as `*`, from which the session's history takes the words; then the item is retrieved. */
  'conversation.item.input_audio_transcription.completed': 'retrieval',
  'conversation.item.truncated': 'retrieval',
  /** Emitted under its own name, for the last mark, and as `audio_done`; then `_afterAudioDoneEvent`. */
  'response.output_audio.done': 'audio done'
} as const

/** `whole`: the event passes the SDK unchanged. */
export type Way = 'audio' | 'words' | 'audio done' | 'retrieval' | 'nothing' | 'once' | 'whole'

/** @param type the message's type, as `typeOf` (events.ts) read it */
export function wayOf(type: string | undefined, message: string): Way {
  if (type === undefined || !Object.hasOwn(WAYS, type)) return 'whole'
  const way = WAYS[type as keyof typeof WAYS]
  if (way !== 'nothing for a message') return way
  return message.includes('"type":"message"') ? 'nothing' : 'once'
}
