import type { Brain } from './brain.ts'
import type { Conversation } from './conversation.ts'
import type { SessionConfig } from './session-config.ts'

/** The settings of a practice model's behaviour. */
export interface SessionKnobs {
  /** The time from response.create, or the end of a turn, to the first output, in ms. Default 0 */
  readonly speakMs: number
  /** Bytes of mu-law in one output_audio.delta; the API's own size is not known. Default 1600 (200 ms) */
  readonly deltaBytes: number
  /** Speed of generation as a multiple of real time; Infinity gives each answer as one burst. Default 10 */
  readonly pace: number
  /** What the model answers. Default: what goes by words alone, `defaultBrain` */
  readonly brain: Brain
  /** Whether turns are found in the audio. Default true */
  readonly vad: boolean
  /** Whether appended audio is kept for `session.audio` and retrieved items; false for many long calls. Default true */
  readonly keepAudio: boolean
  /** The time from the end of a turn to its transcript, in ms; 0 puts it before the answer. Default 0 */
  readonly transcriptionMs: number
  /** The unit of a transcription's usage; the API's unit for gpt-transcribe is not known. Default 'duration' */
  readonly transcriptionUsage: 'duration' | 'tokens'
  /** What happens to a turn's own response while another one runs; the API's behaviour is not known. Default 'error' */
  readonly whenBusy: 'error' | 'answer-after'
}

/** The parts of a session share this: its wire, its settings, its conversation. */
export interface Line {
  readonly config: SessionConfig
  readonly conversation: Conversation
  readonly knobs: SessionKnobs
  emit(type: string, fields: object): void
}
