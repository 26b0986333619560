/** `none`: nothing of the call's sound was ever kept. */
export type RecordingState = 'none' | 'kept' | 'deleted'

/** Why a call's sound may be kept. Plain data. */
export interface Consent {
  readonly mode: 'announce' | 'ask'
  /** When the caller had heard that the call is recorded, in ms since the epoch; with `ask`, when they first answered. */
  readonly noticeHeardAt: number | null
  readonly answer: 'yes' | 'no' | null
}
