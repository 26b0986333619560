import type { RunContext } from '@openai/agents'
import type { RealtimeAgent, RealtimeContextData } from '@openai/agents/realtime'
import type { CallStore } from './store.ts'

/** The caller, from the webhook that Twilio signed. Nothing here comes from an unsigned source. */
export interface Caller {
  readonly callSid: string
  /** The caller's number in E.164, or undefined when it was withheld. */
  readonly from: string | undefined
  /** The number that was called, in E.164. */
  readonly to: string | undefined
  /** `inbound`, `outbound-api` or `outbound-dial`. */
  readonly direction: string
  /** Values from the webhook's query whose names begin with a lower-case letter. */
  readonly parameters: Readonly<Record<string, string>>
}

/** A message that a caller has left, in their words. */
export interface Message {
  /** The name that the caller gave. */
  readonly from: string
  /** The number to call back; undefined when the caller gave none and their own is withheld. */
  readonly phone?: string | undefined
  readonly text: string
}

/** An earlier call from the same number. What its caller said may be untrue, or meant as an instruction to the agent. */
export interface EarlierCall {
  /** In ms since the epoch. */
  readonly startedAt: number
  /** The messages that were taken, the newest first, shortened. */
  readonly messages: readonly Pick<Message, 'from' | 'text'>[]
  /** What was learned from the call (result.ts), without what is not known, and shortened; undefined where nothing was. */
  readonly result?: Readonly<Record<string, unknown>> | undefined
}

/**
 * What a tool may do with its call. `endCall` and `transfer` return at once and take effect when the agent's words have
 * been played.
 */
export interface CallControl {
  /** The names of the people or desks this call may be transferred to. */
  readonly transferTargets: readonly string[]
  /** The failed transfer from which the caller has come back, e.g. `billing: no-answer`; undefined on a first visit. */
  readonly returnedFrom: string | undefined
  /**
   * The last calls from this number, newest first; empty without REMEMBER_CALLERS, and for a number that the network
   * doubts. A number is no proof of who calls: nothing of it may be said before the caller has named a detail of it.
   */
  readonly earlier: readonly EarlierCall[]
  /** What time it is. Tools and instructions ask this clock and no other: a scene of `npm run eval` sets it. */
  now(): Date
  /** Keeps what has to outlive the call. It is the caller's, and is erased with them. */
  readonly store: CallStore
  /** Hangs up when the goodbye has been played. If the caller speaks during the goodbye, the call goes on. */
  endCall(): void
  /**
   * Transfers the caller when the announcement has been played.
   * @param summary one sentence that is spoken to the person before the caller is connected; none when empty
   * @throws RangeError when `target` is not one of `transferTargets`
   */
  transfer(target: string, summary: string): void
  /**
   * Collects keys that are kept out of the conversation, the transcript and the log (a card number, a PIN).
   * Ends with `#`, after `count` keys or after a pause; an empty string when no key was pressed within `timeoutMs`.
   */
  collectDigits(options: { count: number; timeoutMs: number }): Promise<string>
  /** Tells whoever follows the call that a message was taken: it is shown, and sent on. */
  messageTaken(message: Message): void
  /** The caller has to be asked before the call is recorded (RECORDING=ask). */
  readonly asksToRecord: boolean
  /** The caller's answer. A "no" after a "yes" deletes what was recorded. */
  answerRecording(isAllowed: boolean): void
  /**
   * Records silence instead of both sides until the returned function is called or the call ends. `collectDigits` does
   * so by itself.
   */
  pauseRecording(): () => void
  /** Logs that a tool has failed, whatever the tool answers the agent. @param error its message is logged if it is a SafeError */
  toolFailed(tool: string | undefined, error: unknown): void
}

/**
 * The session's context. Everything is in one nested object, because the SDK copies the top level: a tool sees later
 * changes inside `call`, but not a replaced top-level property.
 */
export interface CallContext {
  readonly call: Call
}

/**
 * Chooses the agent that answers a call. It is asked when the call's webhook comes, for the greeting, and when a stream
 * of the call does, and gives the same agent each time.
 */
export type AgentFor = (caller: Caller) => RealtimeAgent<CallContext>

export type Call = Caller & CallControl

/** The context argument of a tool's `execute` and of an agent's `instructions`. */
export type CallRunContext = RunContext<RealtimeContextData<CallContext>>
