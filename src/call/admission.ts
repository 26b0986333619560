/** Who a call is, as the signed webhook said it. */
export interface Claims {
  readonly callSid: string
  /** In E.164; undefined when withheld. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** `inbound`, `outbound-api` or `outbound-dial`. */
  readonly direction: string
  /** Extra values that travelled with the call. */
  readonly parameters: Readonly<Record<string, string>>
}

/** What a call is told about the caller whose stream has come. */
export interface Admission {
  readonly claims: Claims
  /** What was said before, when the caller comes back to the agent on the same call; empty on a first visit. */
  readonly memory: readonly Memory[]
  /** What became of a transfer that brought the caller back. */
  readonly returnedFrom: string | undefined
  /** When the call's first stream began, in ms since the epoch; undefined on a first visit. */
  readonly startedAt?: number | undefined
}

/** One thing that a model has to be told when it takes over, or when the caller comes back. */
export interface Memory {
  readonly id: string
  readonly who: 'caller' | 'agent' | 'note'
  readonly text: string
}
