import type { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import type { CallContext } from '../agent/context.ts'
import type { Activity } from './activity.ts'
import type { Admission, Memory } from './admission.ts'
import type { AudioFrame, CallerLeg } from './caller-leg.ts'
import type { EndReason } from './end-reason.ts'
import type { Journal } from './journal.ts'

/** Why there is no model, in the words of the call's end reasons and the log. */
export type ModelTrouble =
  /** Key, quota, permission or model name: trying again cannot help. */
  | 'rejected'
  /** The upgrade was answered with an HTTP status, or answers fail. */
  | 'refused'
  /** No connection, or no answer in time. */
  | 'unreachable'
  /** The connection was there and went away. */
  | 'closed'
  /** The connection is there and says nothing. */
  | 'mute'
  /** The session is not in the format that was asked for. */
  | 'wrong format'

/** The model could not be had, or was lost. */
export class ModelError extends Error {
  override name = 'ModelError' as const
  readonly trouble: ModelTrouble
  /** HTTP status, close code or error code of the model's. */
  readonly code: string | number | undefined

  constructor(trouble: ModelTrouble, code?: string | number, options?: ErrorOptions) {
    super(code === undefined ? `model ${trouble}` : `model ${trouble}: ${code}`, options)
    this.trouble = trouble
    this.code = code
  }

  /** Trying again cannot help: the key, the quota, the model's name or the format has to change. */
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
   * The model knows the conversation and can hear. `greets`: it was asked for the greeting already. `hearsAgain`: words
   * of the caller that nobody has understood are given to it first.
   */
  up: [{ greets: boolean; hearsAgain: boolean }]
  /** The model went away after it had been reached. It is sought anew already. */
  lost: [ModelError, { isRenewal: boolean }]
  /** The time that a caller waits is spent, or the trouble is final. */
  failed: [ModelError]
}

/**
 * The model's side of a call: what a call needs of a model. What the model hears and says goes into the call's journal;
 * what the caller hears of it goes to the caller's leg.
 */
export interface ModelLeg extends EventEmitter<ModelLegEvents> {
  readonly isUp: boolean
  /** Seeks the model until `up` or `failed`; takes what is warm. */
  seek(caller: Admission): void
  /** The caller's audio, fifty times a second. */
  hear(frame: AudioFrame): void
  /** Something that the agent has to know and does not speak about. */
  tell(text: string): void
  /** Has the agent speak as soon as it is free to; the instructions are for this one answer, on top of its own. */
  ask(instructions: string | undefined): void
  /** Stops the answer that is given, where it was heard. */
  interrupt(): void
  /** Absent in a model that hears and speaks at once: there are no turns to decide about. */
  readonly turns?: {
    /** `decide` is asked when speech has just started: true lets the agent go on, until `interrupt` is called. */
    holdInterruption(decide: () => boolean): void
    /** Takes a finished turn of the caller's out of the conversation, as if it had not been said. */
    forget(turn: string): void
  }
  /**
   * Lets go of the model for good; nothing is sent from now on. Safe to call twice. Settles when the words that are still
   * owed of the caller's turns have come, or will not: at once where none are, and after 2 s at most.
   */
  close(): Promise<void>
}

/** What a model's leg needs of its call. */
export interface CallSide {
  readonly journal: Journal
  readonly activity: Activity
  readonly caller: CallerLeg
  readonly log: FastifyBaseLogger
  /** What the agent knows of the call; nested, because the SDK spreads the top level into a copy. */
  readonly agentContext: CallContext
  /** Aborted when the call ends. */
  readonly signal: AbortSignal
  /** Runs after `ms`, unless the call has ended or the returned function was called. */
  after(ms: number, run: () => void): () => void
  /** What a session that begins anew has to be told. @param hearsAgain the last words are given again as sound */
  memory(hearsAgain: boolean): readonly Memory[]
  /** Tells the agent something, and remembers it. */
  tellAgent(text: string): void
  /** Has the agent speak, and owes the caller that answer. */
  askToSpeak(instructions?: string): void
  /** An exception of the server's own ends the call. */
  fail(error: unknown): void
}
