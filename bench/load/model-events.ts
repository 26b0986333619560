import { audioPool } from './audio.ts'
import { STAMP_CHARS, type Stamp, writeStamp } from './stamp.ts'

/** 200 ms of mu-law: about what one `response.output_audio.delta` holds. */
export const DELTA_MS = 200

const POOL = audioPool(DELTA_MS * 8)
const stampText = Buffer.alloc(STAMP_CHARS)
let lastId = 0

export function newId(kind: string): string {
  lastId += 1
  return `${kind}_${lastId.toString(36).padStart(21, '0')}`
}

export function event(type: string, fields: object): string {
  return JSON.stringify({ type, event_id: newId('event'), ...fields })
}

/** One delta of audio with a stamp of its sender and time. */
export function audioDelta(responseId: string, itemId: string, stamp: Stamp): string {
  writeStamp(stampText, 0, stamp)
  const rest = POOL[(stamp.sender * 31 + stamp.sequence) % POOL.length]?.toString('latin1') ?? ''
  const place = `"response_id":"${responseId}","item_id":"${itemId}","output_index":0,"content_index":0`
  return `{"type":"response.output_audio.delta","event_id":"${newId('event')}",${place},"delta":"${stampText.toString('latin1')}${rest}"}`
}

type Session = Record<string, unknown> & { audio: { input: Record<string, unknown>; output: Record<string, unknown> } }

/** A session as it is before the first `session.update`. */
export function newSession(): Session {
  return {
    type: 'realtime',
    object: 'realtime.session',
    id: newId('sess'),
    model: 'gpt-realtime-2.1',
    output_modalities: ['audio'],
    instructions: '',
    tools: [],
    tool_choice: 'auto',
    max_output_tokens: 'inf',
    tracing: null,
    truncation: 'auto',
    prompt: null,
    expires_at: Math.floor(Date.now() / 1_000) + 3_600,
    include: null,
    audio: {
      input: {
        format: { type: 'audio/pcm', rate: 24_000 },
        transcription: null,
        noise_reduction: null,
        turn_detection: { type: 'server_vad', create_response: true, interrupt_response: true }
      },
      output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: 'marin', speed: 1 }
    }
  }
}

/** The effective session after a `session.update`: only given fields change. */
export function updatedSession(session: Session, update: Partial<Session>): Session {
  const input = { ...session.audio.input, ...update.audio?.input }
  const output = { ...session.audio.output, ...update.audio?.output }
  // The API reports its defaults too, and the SDK cancels by itself when `interrupt_response` is missing.
  input['turn_detection'] = { create_response: true, interrupt_response: true, ...(input['turn_detection'] as object) }
  return { ...session, ...update, audio: { input, output } }
}

export type MessageItem = ReturnType<typeof agentItem>

export function agentItem(id: string, status: string, transcript: string | undefined) {
  const content = transcript === undefined ? [] : [{ type: 'output_audio', transcript }]
  return { id, object: 'realtime.item', type: 'message', status, role: 'assistant', content }
}

export function callerItem(id: string, transcript: string | null) {
  const content = [{ type: 'input_audio', transcript }]
  return { id, object: 'realtime.item', type: 'message', status: 'completed', role: 'user', content }
}

export function response(id: string, status: string, output: readonly object[]) {
  const details = status === 'cancelled' ? { type: 'cancelled', reason: 'turn_detected' } : null
  return {
    object: 'realtime.response',
    id,
    status,
    status_details: details,
    output,
    conversation_id: 'conv_bench',
    output_modalities: ['audio'],
    max_output_tokens: 'inf',
    audio: { output: { format: { type: 'audio/pcmu' }, voice: 'marin' } },
    usage: status === 'in_progress' ? null : USAGE,
    metadata: null
  }
}

const USAGE = {
  total_tokens: 127,
  input_tokens: 120,
  output_tokens: 7,
  input_token_details: {
    text_tokens: 120,
    audio_tokens: 0,
    image_tokens: 0,
    cached_tokens: 64,
    cached_tokens_details: { text_tokens: 64, audio_tokens: 0, image_tokens: 0 }
  },
  output_token_details: { text_tokens: 7, audio_tokens: 0 }
}
