import { compareSound } from '../../simulator/sound/compare.ts'
import { BYTES_PER_MS } from '../../simulator/sound/mulaw.ts'
import type { PhoneCall } from '../../simulator/telephone/telephone.ts'
import type { Store } from '../../src/store/open.ts'
import { type Lanes, lanesOf } from './kept.ts'

/** How a recording differs from the tape of the telephone that was recorded. In ms. */
export interface Verdict {
  /** The most by which a sound lies beside its place on the tape, in either lane. */
  readonly lagMs: number
  /** The longest stretch that only the recording has, and the longest that only the tape has, in either lane. */
  readonly unheardMs: number
  readonly missingMs: number
  /** The sound that both have, of the caller and of the agent. */
  readonly callerMs: number
  readonly agentMs: number
  /** Sound in the gaps in which nothing may be kept. */
  readonly inGapsMs: number
}

interface Gap {
  readonly fromMs: number
  readonly toMs: number
}

const SILENCE = 0xff
/** The frame in which a gap begins or ends. */
const EDGE_MS = 20

/** Compares with the tape from the first `start` on. What lies in a gap is not compared. */
export function judge(phone: PhoneCall, wav: Buffer, gaps: readonly Gap[] = []): Verdict {
  const tape = phone.recorded('start')
  const ours = lanesOf(wav)
  const inGapsMs = Math.max(0, ...gaps.map((gap) => soundMs(ours.caller, gap) + soundMs(ours.agent, gap)))
  for (const gap of gaps) for (const lanes of [tape, ours]) mute(lanes, gap)
  const caller = compareSound(tape.caller, ours.caller)
  const agent = compareSound(tape.agent, ours.agent)
  const most = (of: (difference: typeof caller) => number) => Math.max(of(caller), of(agent))
  return {
    lagMs: most(({ latestMs, earliestMs, commonMs }) => (commonMs > 0 ? Math.max(latestMs, -earliestMs) : 0)),
    unheardMs: most(({ addedMs }) => addedMs),
    missingMs: most(({ missingMs }) => missingMs),
    callerMs: caller.commonMs,
    agentMs: agent.commonMs,
    inGapsMs
  }
}

/** The gaps of a call's recording, as its events have them. */
export async function gapsOf({ db }: Store, callId: string): Promise<Gap[]> {
  const rows = await db
    .selectFrom('events')
    .select('data')
    .where('callId', '=', callId)
    .where('type', '=', 'recording_gap')
    .execute()
  return rows.map(({ data }) => JSON.parse(data))
}

function soundMs(lane: Buffer, { fromMs, toMs }: Gap): number {
  const within = lane.subarray(byteAt(fromMs + EDGE_MS), byteAt(toMs - EDGE_MS))
  return within.filter((byte) => byte !== SILENCE).length / BYTES_PER_MS
}

function mute({ caller, agent }: Lanes, { fromMs, toMs }: Gap): void {
  for (const lane of [caller, agent]) {
    lane.fill(SILENCE, byteAt(fromMs - EDGE_MS), Math.min(lane.length, byteAt(toMs + EDGE_MS)))
  }
}

const byteAt = (ms: number): number => Math.max(0, Math.round(ms * BYTES_PER_MS))
