import type { Consent, RecordingState } from './consent.ts'

/** What is known of a call while it runs, over all of its streams. Plain data. */
export interface CallSoFar {
  readonly callSid: string | undefined
  readonly streamSid: string | undefined
  /** The verified caller, in E.164; undefined when withheld or never verified. */
  readonly from: string | undefined
  readonly to: string | undefined
  readonly direction: string
  readonly parameters: Readonly<Record<string, string>>
  /** The call was rung by the simulator. */
  readonly isPractice: boolean
  /** The agent that spoke last, or has the call since. */
  readonly agent: string | undefined
  /** When the first stream of the call began, in ms since the epoch. */
  readonly startedAt: number
  /** The streams of the call so far. */
  readonly streams: number
  /** The time from Twilio's first `start` to the first audio of the agent's, in ms; undefined when there was none. */
  readonly firstAudioMs: number | undefined
  /** How long the caller waited for each answer that needed no tool, in ms (`responseMs` of turns.ts). */
  readonly responses: readonly number[]
  /** Turns of both sides that had words or sound. */
  readonly turns: number
  readonly bargeIns: number
  /** Tools that were started. */
  readonly tools: number
  /** How often the model was lost and reached again. */
  readonly reconnections: number
  readonly recording: RecordingState
  /** Undefined when nobody had to be asked. */
  readonly consent: Consent | undefined
}
