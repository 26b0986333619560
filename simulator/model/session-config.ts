import { z } from 'zod'
import { ApiError } from './api-error.ts'

const Format = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('audio/pcm'), rate: z.literal(24_000) }),
  z.strictObject({ type: z.literal('audio/pcmu') }),
  z.strictObject({ type: z.literal('audio/pcma') })
])

const detection = { create_response: z.boolean().optional(), interrupt_response: z.boolean().optional() }
const TurnDetectionUpdate = z.discriminatedUnion('type', [
  z.strictObject({
    ...detection,
    type: z.literal('server_vad'),
    threshold: z.number().min(0).max(1).optional(),
    prefix_padding_ms: z.number().int().nonnegative().optional(),
    silence_duration_ms: z.number().int().nonnegative().optional(),
    idle_timeout_ms: z.number().int().min(5_000).max(30_000).nullish()
  }),
  z.strictObject({
    ...detection,
    type: z.literal('semantic_vad'),
    eagerness: z.enum(['low', 'medium', 'high', 'auto']).optional()
  })
])

const VOICES = ['alloy', 'ash', 'ballad', 'coral', 'echo', 'sage', 'shimmer', 'verse', 'marin', 'cedar'] as const
/** gpt-live-transcribe is for sessions that only transcribe. (OpenAI API, `AudioTranscription`) */
const TRANSCRIPTION_MODELS = [
  'gpt-transcribe',
  'gpt-realtime-whisper',
  // Shut down on 2027-02-26:
  'gpt-4o-transcribe',
  'gpt-4o-transcribe-diarize',
  'gpt-4o-mini-transcribe',
  'gpt-4o-mini-transcribe-2025-12-15',
  'whisper-1'
] as const
const settings = z.looseObject({})
const Tool = z.looseObject({ type: z.string(), name: z.string().optional(), parameters: settings.optional() })

/** The `session` of a session.update. Strict: the beta's flat fields (`voice`, `input_audio_format`) are refused. */
export const SessionUpdate = z.strictObject({
  type: z.literal('realtime'),
  model: z.string().optional(),
  instructions: z.string().nullish(),
  output_modalities: z
    .array(z.enum(['text', 'audio']))
    .length(1)
    .optional(),
  tools: z.array(Tool).nullish(),
  tool_choice: z.unknown().optional(),
  max_output_tokens: z.union([z.number().int().min(1).max(4096), z.literal('inf')]).nullish(),
  tracing: z.unknown().optional(),
  truncation: z.unknown().optional(),
  prompt: z.unknown().optional(),
  include: z.unknown().optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning: z.unknown().optional(),
  audio: z
    .strictObject({
      input: z
        .strictObject({
          format: Format.optional(),
          transcription: z.looseObject({ model: z.enum(TRANSCRIPTION_MODELS).optional() }).nullish(),
          noise_reduction: settings.nullish(),
          turn_detection: TurnDetectionUpdate.nullish()
        })
        .optional(),
      output: z
        .strictObject({
          format: Format.optional(),
          voice: z.union([z.enum(VOICES), z.looseObject({ id: z.string() })]).optional(),
          speed: z.number().min(0.25).max(1.5).optional()
        })
        .optional()
    })
    .optional()
})
export type SessionUpdate = z.infer<typeof SessionUpdate>
export type AudioFormat = z.infer<typeof Format>
export type Tool = z.infer<typeof Tool>

interface Detection {
  create_response: boolean
  interrupt_response: boolean
}
export type TurnDetection =
  | (Detection & {
      type: 'server_vad'
      threshold: number
      prefix_padding_ms: number
      silence_duration_ms: number
      idle_timeout_ms: number | null
    })
  | (Detection & { type: 'semantic_vad'; eagerness: 'low' | 'medium' | 'high' | 'auto' })

/** The effective session, as session.created and session.updated report it. */
export interface SessionConfig {
  type: 'realtime'
  object: 'realtime.session'
  id: string
  model: string
  output_modalities: ('text' | 'audio')[]
  instructions: string
  tools: Tool[]
  tool_choice: unknown
  max_output_tokens: number | 'inf'
  tracing: unknown
  truncation: unknown
  prompt: unknown
  expires_at: number
  include: unknown
  audio: {
    input: {
      format: AudioFormat
      transcription: Record<string, unknown> | null
      noise_reduction: Record<string, unknown> | null
      turn_detection: TurnDetection | null
    }
    output: { format: AudioFormat; voice: string | { id: string }; speed: number }
  }
}

const detectionDefaults = {
  server_vad: {
    type: 'server_vad',
    threshold: 0.5,
    prefix_padding_ms: 300,
    // 200 on the wire, though the API's types say 500.
    silence_duration_ms: 200,
    idle_timeout_ms: null,
    create_response: true,
    interrupt_response: true
  },
  semantic_vad: { type: 'semantic_vad', eagerness: 'auto', create_response: true, interrupt_response: true }
} as const satisfies Record<string, TurnDetection>

/** A session before its first session.update; 24 kHz PCM, which on a phone line is noise. */
export function newSessionConfig(id: string, model: string, expiresAt: number): SessionConfig {
  const pcm = { type: 'audio/pcm', rate: 24_000 } as const
  return {
    type: 'realtime',
    object: 'realtime.session',
    id,
    model,
    output_modalities: ['audio'],
    instructions: 'You are a helpful assistant.',
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    tracing: null,
    truncation: 'auto',
    prompt: null,
    expires_at: expiresAt,
    include: null,
    audio: {
      input: { format: pcm, transcription: null, noise_reduction: null, turn_detection: detectionDefaults.server_vad },
      output: { format: pcm, voice: 'marin', speed: 1 }
    }
  }
}

/**
 * The session after an update: only given fields change, `null` clears, `audio` is merged deeply, the model never
 * changes.
 * @throws ApiError when any part is refused; then nothing changes
 */
export function updated(current: SessionConfig, update: SessionUpdate, assistantSpoke: boolean): SessionConfig {
  const { audio, model: _, ...rest } = update
  const next = {
    ...current,
    ...rest,
    instructions: rest.instructions === undefined ? current.instructions : (rest.instructions ?? ''),
    tools: rest.tools === undefined ? current.tools : (rest.tools ?? []),
    max_output_tokens:
      rest.max_output_tokens === undefined ? current.max_output_tokens : (rest.max_output_tokens ?? 'inf'),
    output_modalities: rest.output_modalities ?? current.output_modalities,
    audio: { input: updatedInput(current, audio), output: updatedOutput(current, audio) }
  }
  if (assistantSpoke && JSON.stringify(next.audio.output.voice) !== JSON.stringify(current.audio.output.voice)) {
    const message = "Cannot update a conversation's voice if assistant audio is present."
    throw new ApiError('cannot_update_voice', message, { uncorrelated: true })
  }
  return next
}

function updatedInput(current: SessionConfig, audio: SessionUpdate['audio']): SessionConfig['audio']['input'] {
  const { input } = current.audio
  return {
    format: audio?.input?.format ?? input.format,
    transcription: merged(input.transcription, audio?.input?.transcription),
    noise_reduction: merged(input.noise_reduction, audio?.input?.noise_reduction),
    turn_detection: updatedDetection(input.turn_detection, audio?.input?.turn_detection)
  }
}

function updatedOutput(current: SessionConfig, audio: SessionUpdate['audio']): SessionConfig['audio']['output'] {
  const { format, voice, speed } = audio?.output ?? {}
  const { output } = current.audio
  return { format: format ?? output.format, voice: voice ?? output.voice, speed: speed ?? output.speed }
}

type Settings = Record<string, unknown> | null
const merged = (current: Settings, update: Settings | undefined): Settings =>
  update ? { ...current, ...update } : update === null ? null : current

function updatedDetection(
  current: TurnDetection | null,
  update: z.infer<typeof TurnDetectionUpdate> | null | undefined
): TurnDetection | null {
  if (!update) return update === null ? null : current
  const base = current?.type === update.type ? current : detectionDefaults[update.type]
  return { ...base, ...update } as TurnDetection
}
