import type { RunContext } from '@openai/agents'
import type { RealtimeContextData } from '@openai/agents/realtime'

/** Who is calling, as Twilio signed it: nothing here was believed from an unsigned source. */
export interface Caller {
  readonly callSid: string
  /** The caller's number in E.164, or undefined when it was withheld. */
  readonly from: string | undefined
  /** The number that was called, in E.164. */
  readonly to: string | undefined
  /** `inbound`, `outbound-api` or `outbound-dial`. */
  readonly direction: string
  /** Extra values that travelled with the call. */
  readonly parameters: Readonly<Record<string, string>>
}

/** What a tool may do with the call it runs in. Each answers at once; what follows happens when it has been heard. */
export interface CallControl {
  /** The names of the people or desks this call may be transferred to. */
  readonly transferTargets: readonly string[]
  /** What became of a transfer that brought the caller back, e.g. `billing: no-answer`; undefined on a first visit. */
  readonly returnedFrom: string | undefined
  /** Hangs up once the caller has heard the agent out. The caller speaking over the goodbye keeps the line open. */
  endCall(): void
  /**
   * Puts the caller through once they have heard the announcement.
   * @param summary one sentence that is spoken to the person before the caller is connected; none when empty
   * @throws RangeError when `target` is not one of `transferTargets`
   */
  transfer(target: string, summary: string): void
  /**
   * Waits for keys that are kept out of the conversation, the transcript and the log (a card number, a PIN).
   * Ends with `#`, after `count` keys, or after a pause; an empty string when nothing was pressed.
   */
  collectDigits(options: { count: number; timeoutMs: number }): Promise<string>
  /** Tells the operator that a tool has failed, whatever it answers the agent. @param error is not quoted in the log */
  toolFailed(tool: string | undefined, error: unknown): void
}

/**
 * The session's context. One nested object, because the SDK spreads the top level into a copy:
 * what changes inside `call` later is seen by tools, a changed top-level property is not.
 */
export interface CallContext {
  readonly call: Caller & CallControl
}

/** What a tool's `execute` and an agent's `instructions` are handed. */
export type CallRunContext = RunContext<RealtimeContextData<CallContext>>
