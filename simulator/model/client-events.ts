import { z } from 'zod'
import { ApiError } from './api-error.ts'
import { SessionUpdate } from './session-config.ts'

const base = { event_id: z.string().optional() }
const itemId = z.string()
const count = z.number().int().nonnegative()

const Part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  audio: z.string().nullish(),
  transcript: z.string().nullish()
})

/** An item as a client writes it; the conversation checks its contents. */
export const ClientItem = z.looseObject({
  id: z.string().optional(),
  type: z.string(),
  role: z.string().optional(),
  content: z.array(Part).optional(),
  call_id: z.string().optional(),
  name: z.string().optional(),
  arguments: z.string().optional(),
  output: z.string().optional()
})
export type ClientItem = z.infer<typeof ClientItem>

const ResponseParams = z.strictObject({
  instructions: z.string().nullish(),
  conversation: z.enum(['auto', 'none']).optional(),
  output_modalities: z
    .array(z.enum(['text', 'audio']))
    .length(1)
    .optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
  tools: z.array(z.looseObject({ name: z.string().optional() })).optional(),
  tool_choice: z.unknown().optional(),
  input: z.array(z.unknown()).optional(),
  audio: z.unknown().optional(),
  max_output_tokens: z.union([z.number().int().positive(), z.literal('inf')]).optional(),
  parallel_tool_calls: z.boolean().optional(),
  prompt: z.unknown().optional(),
  reasoning: z.unknown().optional()
})
export type ResponseParams = z.infer<typeof ResponseParams>

export const ClientEvent = z.discriminatedUnion('type', [
  z.strictObject({ ...base, type: z.literal('session.update'), session: SessionUpdate }),
  z.strictObject({ ...base, type: z.literal('input_audio_buffer.commit') }),
  z.strictObject({ ...base, type: z.literal('input_audio_buffer.clear') }),
  z.strictObject({
    ...base,
    type: z.literal('conversation.item.create'),
    item: ClientItem,
    previous_item_id: z.string().nullish()
  }),
  z.strictObject({ ...base, type: z.literal('conversation.item.retrieve'), item_id: itemId }),
  z.strictObject({ ...base, type: z.literal('conversation.item.delete'), item_id: itemId }),
  z.strictObject({
    ...base,
    type: z.literal('conversation.item.truncate'),
    item_id: itemId,
    content_index: count,
    audio_end_ms: count
  }),
  z.strictObject({ ...base, type: z.literal('response.create'), response: ResponseParams.nullish() }),
  z.strictObject({ ...base, type: z.literal('response.cancel'), response_id: z.string().optional() })
])
/** A well-formed event of the client's; `input_audio_buffer.append` is not among them (see `readAppend`). */
export type ClientEvent = z.infer<typeof ClientEvent>
export type ClientEventOf<T extends ClientEvent['type']> = Extract<ClientEvent, { type: T }>

export type RawEvent = Record<string, unknown>

export function parseJson(data: string): RawEvent {
  try {
    const raw: unknown = JSON.parse(data)
    if (raw !== null && typeof raw === 'object' && !Array.isArray(raw)) return raw as RawEvent
  } catch {
    // Answered below, like JSON that is no object.
  }
  throw new ApiError('invalid_json', 'Invalid event: failed to parse JSON value. ', { fault: true })
}

/**
 * The audio of an append event. Not checked by the schema, because each call sends 50 a second.
 * @throws ApiError when there is no audio
 */
export function readAppend(raw: RawEvent): Buffer {
  if (typeof raw['audio'] === 'string') return Buffer.from(raw['audio'], 'base64')
  throw new ApiError('missing_required_parameter', "Missing required parameter: 'audio'.", {
    param: 'audio',
    fault: true
  })
}

export function parseClientEvent(raw: RawEvent): ClientEvent {
  const parsed = ClientEvent.safeParse(raw)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw issue?.path.join() === 'type' ? unknownType(raw['type']) : refusalOf(issue, raw)
}

const unknownType = (type: unknown): ApiError =>
  new ApiError(
    'invalid_value',
    `Invalid value: '${String(type)}'. Supported values are: 'session.update', 'session.close', 'input_audio_buffer.append', 'session.input_audio_buffer.append', 'input_audio_buffer.commit', 'input_audio_buffer.clear', 'conversation.item.create', 'conversation.item.truncate', 'conversation.item.delete', 'conversation.item.retrieve', 'response.create', and 'response.cancel'.`,
    { param: 'type', fault: true }
  )

/** zod's first issue in the API's words. */
function refusalOf(issue: z.core.$ZodIssue | undefined, raw: RawEvent): ApiError {
  const path = issue?.path ?? []
  if (issue?.code === 'unrecognized_keys') {
    const param = nameOf([...path, issue.keys[0] ?? ''])
    return new ApiError('unknown_parameter', `Unknown parameter: '${param}'.`, { param, fault: true })
  }
  const param = nameOf(path)
  const value = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], raw)
  if (value === undefined) {
    return new ApiError('missing_required_parameter', `Missing required parameter: '${param}'.`, { param, fault: true })
  }
  const code = issue?.code === 'invalid_type' ? 'invalid_type' : 'invalid_value'
  return new ApiError(code, `Invalid value for '${param}': ${issue?.message}.`, { param, fault: true })
}

const nameOf = (path: PropertyKey[]): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${String(key)}`)).join('')
