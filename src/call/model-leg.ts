import type { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import type { CallContext } from '../agent/context.ts'
import type { Activity } from './activity.ts'
import type { Admission, Memory } from './admission.ts'
import type { AudioFrame, CallerLeg } from './caller-leg.ts'
import type { EndReason } from './end-reason.ts'
import type { Journal } from './journal.ts'

/** Why there is no model. The call's end reasons and the log use these words. */
export type ModelTrouble =
  /** The key, the quota, a permission or the model's name is wrong: a retry cannot help. */
  | 'rejected'
  /** The upgrade was answered with an HTTP status, or answers fail. */
  | 'refused'
  /** No connection, or no answer in time. */
  | 'unreachable'
  /** The connection was lost. */
  | 'closed'
  /** The connection is open, and the model sends nothing. */
  | 'mute'
  /** The session does not have the requested audio format. */
  | 'wrong format'

/** The model could not be reached, or was lost. */
export class ModelError extends Error {
  override name = 'ModelError' as const
  readonly trouble: ModelTrouble
  /** The model's HTTP status, close code or error code. */
  readonly code: string | number | undefined

  constructor(trouble: ModelTrouble, code?: string | number, options?: ErrorOptions) {
    super(code === undefined ? `model ${trouble}` : `model ${trouble}: ${code}`, options)
    this.trouble = trouble
    this.code = code
  }

  /** A retry cannot help: the key, the quota, the model's name or the format has to change. */
  get isFinal(): boolean {
    return this.trouble === 'rejected' || this.trouble === 'wrong format'
  }
}

const END_REASON: Record<ModelTrouble, EndReason> = {
  rejected: 'model_rejected',
  refused: 'model_refused',
  unreachable: 'model_unreachable',
  closed: 'model_closed',
  mute: 'model_mute',
  'wrong format': 'model_wrong_format'
}

export function endReasonFor(trouble: ModelTrouble): EndReason {
  return END_REASON[trouble]
}

export interface ModelLegEvents {
  /**
   * The model has the conversation and gets the caller's audio. `greets`: the greeting was requested already.
   * `hearsAgain`: the model first gets the caller's unanswered words as sound.
   */
  up: [{ greets: boolean; hearsAgain: boolean }]
  /** The model was lost after `up`. The reconnection has begun already. */
  lost: [ModelError, { isRenewal: boolean }]
  /** MODEL_RECONNECT_MS has passed, or a retry cannot help. */
  failed: [ModelError]
}

/**
 * The model's side of a call: what a call needs of a model. What the model hears and says goes into the call's journal.
 * Its audio goes to the caller's leg.
 */
export interface ModelLeg extends EventEmitter<ModelLegEvents> {
  readonly isUp: boolean
  /** Connects to the model and retries until `up` or `failed`. Takes a warm socket when there is one. */
  seek(caller: Admission): void
  /** The caller's audio, 50 frames a second. */
  hear(frame: AudioFrame): void
  /** Gives the agent a note that it does not answer. */
  tell(text: string): void
  /** Has the agent speak as soon as it is free to; the instructions are for this one answer, on top of its own. */
  ask(instructions: string | undefined): void
  /** Stops the current answer; the conversation keeps only the words that were played. */
  interrupt(): void
  /** Absent for a model that hears and speaks at once, which has no turns. */
  readonly turns?: {
    /** `decide` is asked when speech has just started: true lets the agent go on, until `interrupt` is called. */
    holdInterruption(decide: () => boolean): void
    /** Removes a finished turn of the caller's from the conversation. */
    forget(turn: string): void
  }
  /**
   * Closes the connection for good and sends nothing any more. Safe to call twice. Resolves when the missing
   * transcriptions of the caller's turns have come or will not come: at once when none is missing, after 2 s at most.
   */
  close(): Promise<void>
}

/** What a model's leg needs of its call. */
export interface CallSide {
  readonly journal: Journal
  readonly activity: Activity
  readonly caller: CallerLeg
  readonly log: FastifyBaseLogger
  /** What the agent knows of the call. Nested in `call`, because the SDK copies the top level. */
  readonly agentContext: CallContext
  /** Aborted when the call ends. */
  readonly signal: AbortSignal
  /** Runs after `ms`, unless the call has ended or the returned function was called. */
  after(ms: number, run: () => void): () => void
  /**
   * The conversation for a session that takes over.
   * @param hearsAgain that session gets the caller's last words as sound
   */
  memory(hearsAgain: boolean): readonly Memory[]
  /** Gives the agent a note; a session that takes over gets it too. */
  tellAgent(text: string): void
  /** Has the agent speak as soon as it is free to, and records that the answer is owed. */
  askToSpeak(instructions?: string): void
  /** An exception of the server's own ends the call. */
  fail(error: unknown): void
}
