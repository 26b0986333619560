import type { EndReason } from './end-reason.ts'
import type { Entry, Journal } from './journal.ts'

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
  /** The time from Twilio's `start` to the first audio of the agent's, in ms; undefined when there was none. */
  readonly firstAudioMs: number | undefined
  /** Turns of both sides that had words or sound. */
  readonly turns: number
  /** How often the model was lost and reached again. */
  readonly reconnections: number
  readonly endReason: EndReason
}

/** Stores the record of a call that has ended. A rejection is logged and has no other effect. */
export type SaveRecord = (record: CallRecord) => Promise<void>

/** The record as far as it is known; see `note`. Plain data. It grows only by the ids of the turns. */
interface Summary {
  readonly caller: Pick<CallRecord, 'callSid' | 'streamSid' | 'from' | 'to'>
  readonly startedAt: number
  readonly startedAtMs: number
  readonly firstAudioMs: number | undefined
  readonly turns: ReadonlySet<string>
  readonly reconnections: number
  readonly ended: { readonly at: number; readonly reason: EndReason } | undefined
}

const NOBODY = { callSid: undefined, streamSid: undefined, from: undefined, to: undefined }

const EMPTY: Summary = {
  caller: NOBODY,
  startedAt: 0,
  startedAtMs: 0,
  firstAudioMs: undefined,
  turns: new Set(),
  reconnections: 0,
  ended: undefined
}

/** The summary after one more event. Pure. */
function note(summary: Summary, { atMs, event }: Entry): Summary {
  switch (event.type) {
    case 'opened':
      return { ...summary, startedAt: event.at }
    case 'accepted': {
      const { at, streamSid, claims } = event
      const { callSid, from, to } = claims
      return { ...summary, caller: { callSid, streamSid, from, to }, startedAt: at, startedAtMs: atMs }
    }
    case 'agent_heard':
      return { ...summary, firstAudioMs: summary.firstAudioMs ?? Math.round(atMs - summary.startedAtMs) }
    case 'caller_turn':
      return { ...summary, turns: withTurn(summary.turns, event.turn) }
    case 'heard':
      return event.heardMs > 0 ? { ...summary, turns: withTurn(summary.turns, event.turn) } : summary
    case 'turn_forgotten':
      return { ...summary, turns: withoutTurn(summary.turns, event.turn) }
    case 'model_lost':
      return { ...summary, reconnections: summary.reconnections + 1 }
    case 'ended':
      return { ...summary, ended: { at: event.at, reason: event.reason } }
    default:
      return summary
  }
}

/**
 * Keeps a call's summary while the call goes on.
 * @returns makes the record; throws Error when the call has not ended
 */
export function keepRecord(journal: Journal): () => CallRecord {
  let folded = EMPTY
  journal.follow((entry) => {
    folded = note(folded, entry)
  })
  return () => recordOf(folded)
}

/** The record of an ended call, from the entries of its journal. @throws Error when the call has not ended */
export function summary(entries: Iterable<Entry>): CallRecord {
  let folded = EMPTY
  for (const entry of entries) folded = note(folded, entry)
  return recordOf(folded)
}

/** @throws Error when the call has not ended */
function recordOf({ caller, startedAt, firstAudioMs, turns, reconnections, ended }: Summary): CallRecord {
  if (!ended) throw new Error('a call that goes on has no record')
  return {
    ...caller,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(ended.at).toISOString(),
    durationMs: ended.at - startedAt,
    firstAudioMs,
    turns: turns.size,
    reconnections,
    endReason: ended.reason
  }
}

function withTurn(turns: ReadonlySet<string>, turn: string): ReadonlySet<string> {
  return turns.has(turn) ? turns : new Set([...turns, turn])
}

function withoutTurn(turns: ReadonlySet<string>, turn: string): ReadonlySet<string> {
  return new Set([...turns].filter((other) => other !== turn))
}
