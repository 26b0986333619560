/** The model's events that this server listens to, with the fields it uses. (OpenAI Realtime API, server events) */
export interface ModelEvents {
  'session.created': { readonly session: { readonly expires_at?: number } }
  'session.updated': { readonly session: unknown }
  'input_audio_buffer.speech_started': { readonly item_id: string }
  'input_audio_buffer.speech_stopped': { readonly item_id: string }
  'input_audio_buffer.committed': { readonly item_id: string }
  'conversation.item.input_audio_transcription.completed': { readonly item_id: string; readonly transcript: string }
  'response.created': { readonly response: { readonly id?: string | null } }
  'response.output_audio.delta': { readonly item_id: string }
  'response.output_audio_transcript.delta': { readonly item_id: string; readonly delta: string }
  'response.output_audio_transcript.done': { readonly item_id: string; readonly transcript: string }
  'response.done': { readonly response: FinishedResponse }
}

export interface FinishedResponse {
  readonly id?: string | null
  readonly status?: 'completed' | 'incomplete' | 'failed' | 'cancelled' | 'in_progress' | null
  readonly status_details?: ResponseDetails | null
  readonly output?: readonly { readonly id?: string; readonly type?: string }[] | null
}

export interface ResponseDetails {
  readonly reason?: string
  readonly error?: { readonly code?: string | null; readonly type?: string }
}
