import type { EarlierCall } from '../agent/context.ts'
import type { CallSoFar } from './call-so-far.ts'
import type { EndReason } from './end-reason.ts'

/** The identity of a call, from the signed webhook. */
export interface Claims {
  readonly callSid: string
  /** In E.164; undefined when withheld. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** `inbound`, `outbound-api` or `outbound-dial`. */
  readonly direction: string
  /** Values from the webhook's query whose names begin with a lower-case letter. */
  readonly parameters: Readonly<Record<string, string>>
  /** The network says that the number may be forged. */
  readonly isDoubted?: true | undefined
}

/** A call that was answered and whose stream never came: nobody was heard on it. */
export interface Missed {
  readonly claims: Claims
  /** In milliseconds since the epoch, as `endedAt`. */
  readonly startedAt: number
  readonly endedAt: number
  readonly endReason: Extract<EndReason, 'caller_left_early' | 'stream_lost' | 'drained'>
}

/** What earlier calls from a caller's number left. Resolves soon and never rejects; nothing is found when it cannot be had. */
export type Recall = (claims: Claims) => Promise<readonly EarlierCall[]>

/** What the switchboard knows about the caller of a verified stream. */
export interface Admission {
  readonly claims: Claims
  /** The conversation so far, when the caller comes back to the agent on the same call; empty on a first visit. */
  readonly memory: readonly Memory[]
  /** The failed transfer from which the caller has come back, e.g. `billing: no-answer`; undefined otherwise. */
  readonly returnedFrom: string | undefined
  /** What is known of the call from its earlier streams; undefined on a first visit. */
  readonly before?: CallSoFar | undefined
}

/** One item of the conversation, for a session that takes over or for a caller who comes back. */
export interface Memory {
  readonly id: string
  readonly who: 'caller' | 'agent' | 'note'
  readonly text: string
}
