import type { Claims } from './admission.ts'
import type { EndReason } from './end-reason.ts'

/**
 * What happens on a call, in one union: state, activity, transcript, record, log and whoever follows the journal read it.
 * Types are snake_case because they leave the process. A `turn` is one side's saying and has the model's item id; an
 * `answer` has the model's response id.
 */
export type CallEvent =
  /** The stream's socket was accepted. `at` is milliseconds since the epoch, here and in every event. */
  | { readonly type: 'opened'; readonly at: number }
  /** The caller is verified. */
  | {
      readonly type: 'accepted'
      readonly at: number
      readonly claims: Claims
      readonly streamSid: string
      /** The caller has talked to the agent before, on this same call. */
      readonly isReturning: boolean
    }
  /** The model is there for the first time and knows who is calling. `greets`: it was asked for the greeting already. */
  | { readonly type: 'live'; readonly greets: boolean }
  /** `trouble` is one of ModelTrouble's; `isRenewal`: the server gave the session up before its time was up. */
  | {
      readonly type: 'model_lost'
      readonly trouble: string
      readonly code: string | number | undefined
      readonly isRenewal: boolean
    }
  /** The model is there again and knows the conversation. `hearsAgain`: words that were not understood are given again. */
  | { readonly type: 'model_back'; readonly hearsAgain: boolean }
  /** The model could not be had within the time that a caller waits, or for good. */
  | { readonly type: 'model_failed'; readonly trouble: string; readonly code: string | number | undefined }
  /** The model hears the caller begin to speak; emitted before anything is done about it. */
  | { readonly type: 'caller_speaking'; readonly turn: string }
  | { readonly type: 'caller_silent'; readonly turn: string }
  /** The caller finished a turn, and the model has it. */
  | { readonly type: 'caller_turn'; readonly turn: string }
  /** A turn's words; undefined when they will never be known. May come long after the turn, also after `ended`. */
  | { readonly type: 'caller_words'; readonly turn: string; readonly text: string | undefined }
  /** The turn was no turn (a cough, an "mhm") and is taken out of the conversation. */
  | { readonly type: 'turn_forgotten'; readonly turn: string }
  /** An answer is owed: the caller finished a turn, or the agent was asked to speak. */
  | { readonly type: 'answer_owed' }
  | { readonly type: 'answer_started'; readonly answer: string }
  /** The next words of an answer, as they are generated. */
  | { readonly type: 'agent_delta'; readonly turn: string; readonly text: string }
  /** All words that were generated for a turn; `heard` says how much of it was heard. */
  | { readonly type: 'agent_words'; readonly turn: string; readonly agent: string; readonly text: string }
  | {
      readonly type: 'answer_finished'
      readonly answer: string
      readonly status: AnswerStatus
      /** Why it was cancelled or is incomplete; the model's word. */
      readonly reason: string | undefined
      /** The error that made it fail; the model's word. */
      readonly code: string | undefined
    }
  /** The agent can be heard: playback began. */
  | { readonly type: 'agent_heard' }
  /** Playback of the agent ended: everything was played, or the rest was cleared. */
  | { readonly type: 'agent_silent'; readonly cleared: boolean }
  /** A turn of the agent's is over at the caller's ear. Lengths of its audio in ms. */
  | {
      readonly type: 'heard'
      readonly turn: string
      readonly sentMs: number
      readonly heardMs: number
      readonly cut: boolean
    }
  /** The caller spoke over the agent and stopped it. */
  | { readonly type: 'barge_in'; readonly turn: string | undefined }
  /** The caller begins to wait: there is no model, or an answer is owed, and nothing of the agent's is heard. */
  | { readonly type: 'waiting' }
  | { readonly type: 'served' }
  /** Nobody speaks, nothing runs, nothing is owed. */
  | { readonly type: 'quiet' }
  | { readonly type: 'busy' }
  | { readonly type: 'tool_started'; readonly run: number; readonly name: string }
  | {
      readonly type: 'tool_finished'
      readonly run: number
      readonly name: string
      readonly ms: number
      /** Undefined when it has answered. */
      readonly failed: ToolFailure | undefined
    }
  /** From agent to agent. */
  | { readonly type: 'handoff'; readonly from: string; readonly to: string }
  /** An output guardrail stopped the agent. */
  | { readonly type: 'guardrail'; readonly agent: string; readonly name: string }
  /** What an answer, or a transcription, was billed for; counts that the model did not give are 0. */
  | { readonly type: 'usage'; readonly answer: string | undefined; readonly model: string; readonly usage: Usage }
  | { readonly type: 'key'; readonly key: string }
  /** Something an operator may want to know; `what` is a constant. */
  | { readonly type: 'notice'; readonly what: string; readonly fields: Readonly<Record<string, string>> }
  /** A tool asked for the end of the call, once the goodbye was heard. */
  | { readonly type: 'end_asked' }
  | ({ readonly type: 'transfer_asked' } & Transfer)
  | ({ readonly type: 'digits_asked' } & DigitsAsked)
  /** The call is over. What was owed of the caller's words may still come. */
  | { readonly type: 'ended'; readonly at: number; readonly reason: EndReason; readonly endedFrom: string }

export type AnswerStatus = 'completed' | 'incomplete' | 'failed' | 'cancelled'

/** Tokens by kind, and the length of what was transcribed. */
export interface Usage {
  readonly textIn: number
  readonly audioIn: number
  readonly cachedText: number
  readonly cachedAudio: number
  readonly textOut: number
  readonly audioOut: number
  readonly seconds: number
}

/** What a tool has thrown. Its message may quote the caller, and is not here. */
export interface ToolFailure {
  /** The error's name. */
  readonly error: string
  /** Where it was thrown. */
  readonly at: string | undefined
}

/** Where a caller goes when the agent lets go of them. */
export interface Transfer {
  readonly target: string
  /** For the person who picks up; none when empty. */
  readonly summary: string
}

export interface DigitsAsked {
  readonly count: number
  readonly timeoutMs: number
  readonly give: (digits: string) => void
}

/** What is kept of an event when the call is: deltas and digits never are, nor what follows from other events. */
export function kept(event: CallEvent): object | undefined {
  switch (event.type) {
    case 'agent_delta':
    case 'digits_asked':
    case 'quiet':
    case 'busy':
      return undefined
    case 'key':
      return { type: 'key' }
    default:
      return event
  }
}
