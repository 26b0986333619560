import type { Message } from '../agent/context.ts'
import type { Claims } from './admission.ts'
import type { CallSoFar } from './call-so-far.ts'
import type { Consent, RecordingState } from './consent.ts'
import type { EndReason } from './end-reason.ts'

/**
 * Everything that can happen on a call. State, activity, transcript, record, log and the journal's readers are built on
 * it. Types are snake_case because they leave the process. A `turn` is the model's item id of what one side said; an
 * `answer` is the model's response id.
 */
export type CallEvent =
  /** The stream's socket was accepted. `at` is milliseconds since the epoch, here and in every event. */
  | { readonly type: 'opened'; readonly at: number }
  /** The caller is verified. `before`: what is known of this call from its earlier streams. */
  | {
      readonly type: 'accepted'
      readonly at: number
      readonly claims: Claims
      readonly streamSid: string
      /** The caller is the simulator. */
      readonly isPractice: boolean
      readonly before: CallSoFar | undefined
      /** The caller has talked to the agent before, on this same call. */
      readonly isReturning: boolean
    }
  /** The model is up for the first time and has the caller's data. `greets`: the greeting was requested already. */
  | { readonly type: 'live'; readonly greets: boolean }
  /** `trouble` is a ModelTrouble. `isRenewal`: this server replaced the session before its time was up. */
  | {
      readonly type: 'model_lost'
      readonly trouble: string
      readonly code: string | number | undefined
      readonly isRenewal: boolean
    }
  /** A new session is up and has the conversation. `hearsAgain`: it gets the caller's unanswered words as sound. */
  | { readonly type: 'model_back'; readonly hearsAgain: boolean }
  /** The model could not be reached within MODEL_RECONNECT_MS, or a retry cannot help. */
  | { readonly type: 'model_failed'; readonly trouble: string; readonly code: string | number | undefined }
  /**
   * The model heard the caller begin to speak, `voicedMs` after their voice began in the audio. Emitted before anything
   * is done about it.
   */
  | { readonly type: 'caller_speaking'; readonly turn: string; readonly voicedMs: number }
  /** The model heard the caller fall silent, `quietMs` after their last voiced frame, where one is known. */
  | { readonly type: 'caller_silent'; readonly turn: string; readonly quietMs: number | undefined }
  /** The caller finished a turn, and the model has committed it. */
  | { readonly type: 'caller_turn'; readonly turn: string }
  /** The transcription of a turn; undefined when none will come. May come long after the turn, also after `ended`. */
  | { readonly type: 'caller_words'; readonly turn: string; readonly text: string | undefined }
  /** The turn was only a sound (a cough, an "mhm") and is removed from the conversation. */
  | { readonly type: 'turn_forgotten'; readonly turn: string }
  /** An answer is owed: the caller finished a turn, or the agent was asked to speak. */
  | { readonly type: 'answer_owed' }
  | { readonly type: 'answer_started'; readonly answer: string }
  /** The first audio of a turn came from the model. */
  | { readonly type: 'answer_audio'; readonly turn: string }
  /** The next words of an answer, as they are generated. */
  | { readonly type: 'agent_delta'; readonly turn: string; readonly text: string }
  /** All words that were generated for a turn; the event `heard` says how much of it was played. */
  | { readonly type: 'agent_words'; readonly turn: string; readonly agent: string; readonly text: string }
  | {
      readonly type: 'answer_finished'
      readonly answer: string
      readonly status: AnswerStatus
      /** The model's reason for `cancelled` or `incomplete`. */
      readonly reason: string | undefined
      /** The model's error code for `failed`. */
      readonly code: string | undefined
    }
  /** Playback of the agent began. */
  | { readonly type: 'agent_heard' }
  /** Playback of the agent ended: everything was played, or the rest was cleared. */
  | { readonly type: 'agent_silent'; readonly cleared: boolean }
  /** A turn of the agent's was played, or the rest of it was cleared. Lengths of its audio in ms. */
  | {
      readonly type: 'heard'
      readonly turn: string
      readonly sentMs: number
      readonly heardMs: number
      readonly cut: boolean
      /** When its first audio was written to the carrier and when that was played, in ms since the first `start`. */
      readonly sentAtMs: number | undefined
      readonly heardAtMs: number | undefined
    }
  /**
   * The caller spoke over the agent and stopped it. Points in ms since the first `start`: the caller's voice began, the
   * model noticed it, `clear` went out, the carrier had obeyed it (its marks were back); and for how long both spoke and
   * how much audio was cut. Emitted when all of that is known.
   */
  | {
      readonly type: 'barge_in'
      readonly turn: string
      readonly voiceStartMs: number
      readonly vadStartMs: number
      readonly clearMs: number
      readonly silentMs: number
      readonly talkOverMs: number
      readonly cutMs: number
    }
  /** The caller begins to wait: there is no model, or an answer is owed, and nothing of the agent's is heard. */
  | { readonly type: 'waiting' }
  | { readonly type: 'served' }
  /** Neither side speaks, no tool runs and no answer is owed. */
  | { readonly type: 'quiet' }
  | { readonly type: 'busy' }
  /** `arguments`: as the model wrote them; undefined for a tool whose runs are not recorded. */
  | {
      readonly type: 'tool_started'
      readonly run: number
      readonly name: string
      readonly arguments: string | undefined
    }
  | {
      readonly type: 'tool_finished'
      readonly run: number
      readonly name: string
      readonly ms: number
      /** What the agent was told; undefined for a tool whose runs are not recorded, and for one that ran out of time. */
      readonly result: string | undefined
      /** Undefined when it has answered. */
      readonly failed: ToolFailure | undefined
    }
  /** One agent handed the call to another. */
  | { readonly type: 'handoff'; readonly from: string; readonly to: string }
  /** An output guardrail stopped the agent. */
  | { readonly type: 'guardrail'; readonly agent: string; readonly name: string }
  /** The usage that was billed for an answer or a transcription; counts that the model did not give are 0. */
  | { readonly type: 'usage'; readonly answer: string | undefined; readonly model: string; readonly usage: Usage }
  | { readonly type: 'key'; readonly key: string }
  /** A tool has kept a message. All of it is the caller's words: they are stored with the event, and never logged. */
  | ({ readonly type: 'message_taken' } & Message)
  /** Something an operator may want to know; `what` is a constant. */
  | { readonly type: 'notice'; readonly what: string; readonly fields: Readonly<Record<string, string>> }
  /** A tool asked for the end of the call, once the goodbye was heard. */
  | { readonly type: 'end_asked' }
  | ({ readonly type: 'transfer_asked' } & Transfer)
  | ({ readonly type: 'digits_asked' } & DigitsAsked)
  /** Whether the call's sound is kept from now on, and why it may be. `deleted`: what was kept is deleted. */
  | { readonly type: 'recording'; readonly state: RecordingState; readonly consent: Consent }
  /** Both lanes of the recording are silent from now on. */
  | { readonly type: 'recording_paused' }
  /** The recording goes on after a pause. Points in ms since the first `start`. */
  | { readonly type: 'recording_gap'; readonly fromMs: number; readonly toMs: number }
  /** The call is over. `caller_words` may still follow. */
  | { readonly type: 'ended'; readonly at: number; readonly reason: EndReason; readonly endedFrom: string }

export type AnswerStatus = 'completed' | 'incomplete' | 'failed' | 'cancelled'

/** Tokens by kind, and the seconds of audio that were transcribed. */
export interface Usage {
  readonly textIn: number
  readonly audioIn: number
  readonly cachedText: number
  readonly cachedAudio: number
  readonly textOut: number
  readonly audioOut: number
  readonly seconds: number
}

/** An error that a tool threw. */
export interface ToolFailure {
  /** The error's name. */
  readonly error: string
  /** Where it was thrown. */
  readonly at: string | undefined
  /** Undefined unless the error says that its message is safe (`isSafe`): it may quote the caller. */
  readonly message: string | undefined
  /** The whole error; undefined without `LOG_TOOL_ERRORS`. */
  readonly stack: string | undefined
}

/** A transfer to a person. */
export interface Transfer {
  readonly target: string
  /** Spoken to the person who picks up; nothing when empty. */
  readonly summary: string
}

export interface DigitsAsked {
  readonly count: number
  readonly timeoutMs: number
  readonly give: (digits: string) => void
}

/** Events whose facts stand in the record, in a turn or in the usage, or that follow from others. */
const NOT_KEPT = new Set<CallEvent['type']>([
  ...(['opened', 'caller_turn', 'caller_words', 'turn_forgotten', 'answer_owed', 'answer_started'] as const),
  ...([
    'answer_audio',
    'agent_delta',
    'agent_words',
    'heard',
    'waiting',
    'served',
    'quiet',
    'busy',
    'usage',
    'digits_asked'
  ] as const)
])

/**
 * The part of an event that is stored with the call as an event; undefined for one that is not. What was said stands in
 * the turns alone, so that it has to be erased in one place; what a message says, in `message_taken` and in the agent's
 * store. Digits are not stored.
 */
export function kept(event: CallEvent): { readonly type: string } | undefined {
  if (NOT_KEPT.has(event.type)) return undefined
  switch (event.type) {
    case 'accepted':
      // Who calls stands in the record.
      return keptAccepted(event)
    case 'key':
      return { type: 'key' }
    case 'answer_finished':
      return event.status === 'completed' ? undefined : event
    default:
      return event
  }
}

function keptAccepted({ type, streamSid, isReturning }: Extract<CallEvent, { type: 'accepted' }>) {
  return { type, streamSid, isReturning }
}
