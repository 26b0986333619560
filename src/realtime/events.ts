import { z } from 'zod'

const OfItem = z.object({ item_id: z.string() })

/** The reasons may be missing: that an answer is over matters more, and they are checked where they are used. */
const FinishedResponse = z.looseObject({
  status: z.enum(['completed', 'incomplete', 'failed', 'cancelled', 'in_progress']).nullish(),
  status_details: z.object({ reason: z.unknown().optional(), error: z.unknown().optional() }).nullish()
})
export type FinishedResponse = z.infer<typeof FinishedResponse>

/** The model's events that this server listens to, with the fields it uses. (OpenAI Realtime API, server events) */
const EVENTS = {
  'session.created': z.object({ session: z.object({ expires_at: z.number().optional() }) }),
  'session.updated': z.object({ session: z.looseObject({}) }),
  'input_audio_buffer.speech_started': OfItem,
  'input_audio_buffer.speech_stopped': OfItem,
  'input_audio_buffer.committed': OfItem,
  'conversation.item.input_audio_transcription.completed': OfItem.extend({ transcript: z.string() }),
  'conversation.item.input_audio_transcription.failed': OfItem,
  'response.created': z.object({ response: z.looseObject({ id: z.string().nullish() }) }),
  'response.output_audio.delta': OfItem.extend({ response_id: z.string(), content_index: z.number() }),
  'response.output_audio_transcript.delta': OfItem.extend({ response_id: z.string(), delta: z.string() }),
  'response.output_audio_transcript.done': OfItem.extend({ transcript: z.string() }),
  'response.done': z.object({ response: FinishedResponse })
}
export type ModelEvents = { readonly [Type in keyof typeof EVENTS]: z.infer<(typeof EVENTS)[Type]> }

/** Several of each come in a second of speech: a schema costs ten times as much as these. */
const BY_HAND: { readonly [type: string]: (event: Record<string, unknown>) => boolean } = {
  'response.output_audio.delta': ({ item_id, response_id, content_index }) =>
    typeof item_id === 'string' && typeof response_id === 'string' && typeof content_index === 'number',
  'response.output_audio_transcript.delta': ({ item_id, response_id, delta }) =>
    typeof item_id === 'string' && typeof response_id === 'string' && typeof delta === 'string'
}

export function isUsed(type: string | undefined): type is keyof ModelEvents {
  return type !== undefined && Object.hasOwn(EVENTS, type)
}

/**
 * The event in a message of this type; undefined when the message is not JSON or lacks a field that this server uses.
 */
export function parseEvent<Type extends keyof ModelEvents>(type: Type, json: string): ModelEvents[Type] | undefined {
  try {
    const event: unknown = JSON.parse(json)
    // What throws here because it is no object is no event either.
    const isWhole = BY_HAND[type]?.(event as Record<string, unknown>) ?? EVENTS[type].safeParse(event).success
    return isWhole ? (event as ModelEvents[Type]) : undefined
  } catch {
    return undefined
  }
}

/** The model begins every message with its type, so the type can be read without parsing the rest. */
const TYPE = /^\{"type":"([\w.]+)"/

/** The type of an event; undefined when the type does not come first. */
export function typeOf(message: string): string | undefined {
  return TYPE.exec(message)?.[1]
}

/**
 * The same event with `type` first, as the model writes it (JSON allows any order). Text that is no event is returned
 * unchanged.
 */
export function withTypeFirst(message: string): string {
  if (TYPE.test(message)) return message
  try {
    const event = JSON.parse(message) as { type?: unknown } | null
    return typeof event?.type === 'string' ? JSON.stringify({ type: event.type, ...event }) : message
  } catch {
    return message
  }
}
