import type { EventEmitter } from 'node:events'
import {
  RealtimeAgent,
  type RealtimeOutputGuardrail,
  RealtimeSession,
  type RealtimeSessionOptions,
  type RealtimeTransportLayer
} from '@openai/agents/realtime'
import type { CallContext } from '../agent/context.ts'
import { contain } from '../call/contain.ts'
import type { CallSide } from '../call/model-leg.ts'
import { runFor } from '../call/owner.ts'

export interface SessionSettings {
  readonly model: string
  readonly voice: string
  /** Whether OpenAI gets traces, which hold the caller's words. */
  readonly tracing: boolean
  /**
   * The behaviour turn-taking.ts, and not the model, decides when the caller is answered and the agent is interrupted.
   */
  readonly takesTurns: boolean
  readonly outputGuardrails: RealtimeOutputGuardrail[]
}

/**
 * Transcribes the caller's words. The SDK's default, gpt-4o-mini-transcribe, is shut down on 2027-02-26, as are
 * gpt-4o-transcribe and whisper-1; gpt-live-transcribe is for sessions that only transcribe. (OpenAI, deprecations,
 * 2026-11)
 */
export const TRANSCRIPTION_MODEL = 'gpt-transcribe'

/**
 * The session's audio for a telephone line. Formats are given for both directions: without them the SDK asks for 24 kHz
 * PCM, which is noise on a phone. The rest is tuned for a line with one voice, narrow band and a delay.
 */
function phoneAudio({ voice, takesTurns }: SessionSettings) {
  return {
    input: {
      format: { type: 'audio/pcmu' as const },
      // A handset is held to the mouth, so near-field removes the room without cutting words.
      noiseReduction: { type: 'near_field' },
      // For the transcript and for a session that takes over. The agent itself hears the audio.
      transcription: { model: TRANSCRIPTION_MODEL },
      // Waits for the end of the thought and not for a fixed pause, so that a caller who looks for a word keeps the
      // turn. The model cancels its own answer when the caller speaks; the SDK then clears the audio that Twilio still
      // holds.
      turnDetection: {
        type: 'semantic_vad',
        eagerness: 'auto' as const,
        createResponse: !takesTurns,
        interruptResponse: !takesTurns
      }
    },
    output: { format: { type: 'audio/pcmu' as const }, voice }
  }
}

/** The options of every session, the same for an early greeting, a call and a reconnection. */
export function sessionOptions<Context>(
  settings: SessionSettings,
  context: Context,
  transport: RealtimeTransportLayer
): Partial<RealtimeSessionOptions<Context>> {
  return {
    transport,
    model: settings.model,
    context,
    config: { audio: phoneAudio(settings) },
    outputGuardrails: settings.outputGuardrails,
    tracingDisabled: !settings.tracing
  }
}

/** The agent of a session whose caller is not known yet. */
const NOBODY = new RealtimeAgent<CallContext>({ name: 'Nobody yet' })

/** One caller's session. It is made before the caller is known, and with them the agent that answers. */
export class CallSession extends RealtimeSession<CallContext> {
  readonly #call: CallSide

  constructor(call: CallSide, settings: SessionSettings, transport: RealtimeTransportLayer) {
    super(NOBODY, sessionOptions(settings, call.agentContext, transport))
    this.#call = call
  }

  /** Before the first `connect`, which reads the agent here. The SDK's type lets it be given to the constructor alone. */
  answerWith(initialAgent: RealtimeAgent<CallContext>): void {
    Object.assign(this, { initialAgent })
  }

  /** What one listener throws or rejects with ends the call, as on the journal, and not what the SDK was doing. */
  override emit(type: unknown, ...args: unknown[]): boolean {
    const emitter = this as EventEmitter
    if (emitter.listenerCount(type as string) === 0) return false
    for (const listener of emitter.rawListeners(type as string)) {
      contain(
        () => runFor(this.#call, () => listener.apply(this, args)),
        (error) => this.#call.fail(error)
      )
    }
    return true
  }
}

/**
 * The audio format that differs from the telephone's, in a session as the model reports it (`session.updated`);
 * undefined when none does.
 */
export function foreignFormat(session: unknown): string | undefined {
  const { audio } = (session ?? {}) as { audio?: Partial<Record<'input' | 'output', { format?: { type?: string } }>> }
  const formats = [audio?.input?.format?.type, audio?.output?.format?.type]
  return formats.find((format) => typeof format === 'string' && format !== 'audio/pcmu')
}
