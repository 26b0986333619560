/** Why a call ended. The first reason wins, and decides what Twilio is told to do next. */
export type EndReason =
  /** The caller hung up. */
  | 'caller_hung_up'
  /** The caller was gone before the agent could be had. */
  | 'caller_left_early'
  /** The stream's socket went away without `stop`: the caller may still be on the line. */
  | 'stream_lost'
  /** The stream never said who it is. */
  | 'no_start'
  /** The stream's token was missing, wrong, expired or used. */
  | 'stream_refused'
  /** More frames than a stream has, or nobody reads what is sent. */
  | 'stream_abused'
  /** The same call opened a newer stream. */
  | 'superseded'
  | 'agent_hung_up'
  | 'transferred'
  | 'caller_silent'
  | 'too_long'
  | 'drained'
  | 'model_rejected'
  | 'model_refused'
  | 'model_unreachable'
  | 'model_closed'
  | 'model_mute'
  | 'model_wrong_format'
  | 'internal_error'

/** What is kept of a call after its end. */
export interface CallRecord {
  readonly callSid: string | undefined
  readonly streamSid: string | undefined
  /** The verified caller, in E.164; undefined when withheld or never verified. */
  readonly from: string | undefined
  readonly to: string | undefined
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly endedAt: string
  readonly durationMs: number
  /** From Twilio's `start` to the first audio of the agent's; undefined when there was none. */
  readonly firstAudioMs: number | undefined
  /** Turns of both sides that had words or sound. */
  readonly turns: number
  /** How often the model was lost and found again. */
  readonly reconnections: number
  readonly endReason: EndReason
}

/** Where a record goes when its call has ended. A rejection is logged; it ends nothing. */
export type SaveRecord = (record: CallRecord) => Promise<void>
