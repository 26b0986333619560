import type { ModelError } from '../model/errors.ts'
import type { FinishedResponse } from '../model/events.ts'
import type { CallRecord } from '../records/record.ts'

/** What happens on a call, for its behaviours. Payloads are what cannot be asked of the call itself. */
export interface CallFacts {
  /** The caller is verified. */
  accepted: []
  /** The model is there for the first time and knows who is calling. */
  live: []
  /** The model heard the caller begin to speak; emitted before the SDK acts on it. */
  callerSpeaking: []
  callerSilent: []
  /** The agent can be heard: playback began. */
  agentHeard: []
  /** The caller finished a turn; the model has it under this item id. */
  callerTurn: [itemId: string]
  /** Playback ended: everything was played, or the rest was cleared. */
  agentSilent: [{ cleared: boolean }]
  /** Nobody speaks, nothing runs, nothing is owed: the line is quiet. */
  quiet: []
  /** The quiet is over. */
  busy: []
  /** The caller begins to wait: there is no model, or an answer is owed, and nothing of the agent's is heard. */
  waiting: []
  /** The wait is over. */
  served: []
  /** An answer is owed: the caller finished a turn, or the agent was asked to speak. */
  answerOwed: []
  responseStarted: []
  /** The answer has words now. */
  agentWords: []
  /** The model finished an answer, or gave it up. */
  responseFinished: [FinishedResponse]
  keyPressed: [digit: string]
  modelLost: [ModelError]
  /** The model is there again and remembers the conversation. */
  modelBack: []
  /** A tool asked for the end of the call, once the goodbye was heard. */
  endAsked: []
  transferAsked: [target: string, summary: string]
  digitsAsked: [DigitsAsked]
  ended: [CallRecord]
}

export interface DigitsAsked {
  readonly count: number
  readonly timeoutMs: number
  readonly give: (digits: string) => void
}
