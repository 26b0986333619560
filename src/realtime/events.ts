const isText = (value: unknown): value is string => typeof value === 'string'
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const isMissingOr = (value: unknown, is: (value: unknown) => boolean) => value === undefined || is(value)

type Fields = { readonly [name: string]: unknown }

interface OfItem {
  readonly item_id: string
}

interface OfContent extends OfItem {
  readonly response_id: string
  readonly content_index: number
}

/** That an answer is over matters more than why: the reasons are read where they are used, and may be missing. */
export interface FinishedResponse {
  readonly status?: unknown
  readonly status_details?: { readonly reason?: unknown; readonly error?: unknown } | null
}

/** The model's events that this server listens to, with the fields it uses. (OpenAI Realtime API, server events) */
export interface ModelEvents {
  readonly 'session.created': { readonly session: { readonly expires_at?: number } }
  readonly 'session.updated': { readonly session: object }
  readonly 'input_audio_buffer.speech_started': OfItem
  readonly 'input_audio_buffer.speech_stopped': OfItem
  readonly 'input_audio_buffer.committed': OfItem
  readonly 'conversation.item.truncated': OfItem
  readonly 'conversation.item.input_audio_transcription.completed': OfItem & { readonly transcript: string }
  readonly 'conversation.item.input_audio_transcription.failed': OfItem
  readonly 'response.created': { readonly response: { readonly id?: unknown } }
  readonly 'response.output_audio.delta': OfContent
  readonly 'response.output_audio.done': OfContent
  readonly 'response.output_audio_transcript.delta': OfItem & { readonly response_id: string; readonly delta: string }
  readonly 'response.output_audio_transcript.done': OfItem & { readonly transcript: string }
  readonly 'response.done': { readonly response: FinishedResponse }
}

const isOfItem = ({ item_id }: Fields) => isText(item_id)
const isOfContent = (event: Fields) =>
  isOfItem(event) && isText(event['response_id']) && typeof event['content_index'] === 'number'

/**
 * Whether an event has the fields of `ModelEvents`. By hand, because some come several times in a second of speech: schemas
 * cost 1.5 % of all CPU (bench, 60 talking calls).
 */
const CHECKS: { readonly [Type in keyof ModelEvents]: (event: Fields) => boolean } = {
  'session.created': ({ session }) =>
    isObject(session) && isMissingOr(session['expires_at'], (value) => typeof value === 'number'),
  'session.updated': ({ session }) => isObject(session) && !Array.isArray(session),
  'input_audio_buffer.speech_started': isOfItem,
  'input_audio_buffer.speech_stopped': isOfItem,
  'input_audio_buffer.committed': isOfItem,
  'conversation.item.truncated': isOfItem,
  'conversation.item.input_audio_transcription.completed': (event) => isOfItem(event) && isText(event['transcript']),
  'conversation.item.input_audio_transcription.failed': isOfItem,
  'response.created': ({ response }) => isObject(response) && !Array.isArray(response),
  'response.output_audio.delta': isOfContent,
  'response.output_audio.done': isOfContent,
  'response.output_audio_transcript.delta': (event) =>
    isOfItem(event) && isText(event['response_id']) && isText(event['delta']),
  'response.output_audio_transcript.done': (event) => isOfItem(event) && isText(event['transcript']),
  'response.done': ({ response }) =>
    isObject(response) &&
    !Array.isArray(response) &&
    (response['status_details'] === null || isMissingOr(response['status_details'], isObject))
}

export function isUsed(type: string | undefined): type is keyof ModelEvents {
  return type !== undefined && Object.hasOwn(CHECKS, type)
}

/**
 * The event in a message of this type; undefined when the message is not JSON or lacks a field that this server uses.
 */
export function parseEvent<Type extends keyof ModelEvents>(type: Type, json: string): ModelEvents[Type] | undefined {
  try {
    const event: unknown = JSON.parse(json)
    return isObject(event) && CHECKS[type](event) ? (event as ModelEvents[Type]) : undefined
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
