import { FRAME_MS, firstSilenceMs, firstVoiceMs, isVoicedAt, voicedFrames } from '../lanes.ts'
import type { Span } from '../run.ts'
import type { Kind } from './stimuli.ts'

/** An agent that yields does it within this time. */
const YIELDS_MS = 2_000
/** An agent that does not mind a sound goes on so long after it. */
const GOES_ON_MS = 1_000
/** An agent that was silent stays so, so long after it. */
const STAYS_SILENT_MS = 2_000
/** A longer silence is one between two turns of the agent's. */
const BREATH_FRAMES = 250 / FRAME_MS

export interface PlayedStimulus extends Span {
  readonly kind: Kind
  readonly isOver: boolean
}

/** One call of the panel's, in ms since the stream's `start`. */
export interface PanelCall {
  /** In order; the sounds are somewhere in their spans. */
  readonly played: readonly PlayedStimulus[]
  /** Mu-law of both sides. */
  readonly lanes: { readonly caller: Uint8Array; readonly agent: Uint8Array }
  /** When the model told that the caller speaks. */
  readonly noticedMs: readonly number[]
  /** When a `clear` came to the telephone. */
  readonly clearedMs: readonly number[]
}

/** What the agent did about one stimulus. What does not go with its kind is undefined. */
export interface Outcome {
  readonly kind: Kind
  readonly isOver: boolean
  /** Answered before the caller made another sound. */
  readonly isAnswered?: boolean
  /** From the end of the caller's turn. */
  readonly answerMs?: number | undefined
  /** The agent began while the caller spoke. */
  readonly isTalkedOver?: boolean
  readonly hasYielded?: boolean
  /** From the beginning of the caller's voice until the agent was silent. */
  readonly yieldMs?: number | undefined
  /** The part of it from the model's word that the caller speaks until the `clear`. */
  readonly serverMs?: number | undefined
  readonly isIgnored?: boolean
}

/** Reads off both lanes, frame by frame of 20 ms, what became of each stimulus. */
export function outcomesOf({ played, lanes, noticedMs, clearedMs }: PanelCall): Outcome[] {
  const [caller, agent] = [voicedFrames(lanes.caller), voicedFrames(lanes.agent)]
  const sounds = played.flatMap(({ kind, isOver, ...span }) => {
    const voice = spanOf(caller, span)
    return voice ? [{ kind, isOver, ...voice }] : []
  })
  return sounds.flatMap((sound, at): Outcome[] => {
    const { kind, isOver, fromMs } = sound
    // What the agent has finished before it is nothing that it can stop saying.
    if (isOver !== isVoicedAt(agent, fromMs)) return []
    if (kind !== 'turn' && kind !== 'interruption') return [{ kind, isOver, isIgnored: isIgnored(agent, sound) }]
    const untilMs = sounds[at + 1]?.fromMs ?? agent.length * FRAME_MS
    const answer = answerTo(agent, sound, untilMs)
    if (kind === 'turn') return [{ kind, isOver, ...answer }]
    return [{ kind, isOver, ...answer, ...yielding(agent, fromMs), serverMs: serverMs(fromMs, noticedMs, clearedMs) }]
  })
}

/** From the first to the last voiced frame in a span; undefined without any. */
export function spanOf(frames: readonly boolean[], { fromMs, toMs }: Span): Span | undefined {
  const [from, to] = [Math.floor(fromMs / FRAME_MS), Math.ceil(toMs / FRAME_MS)]
  const first = frames.slice(from, to).indexOf(true)
  const last = frames.slice(0, to).lastIndexOf(true)
  return first < 0 ? undefined : { fromMs: (from + first) * FRAME_MS, toMs: (last + 1) * FRAME_MS }
}

function answerTo(agent: readonly boolean[], { fromMs, toMs }: Span, untilMs: number) {
  const beginsMs = agent.flatMap((_, at) => {
    const ms = at * FRAME_MS
    return ms >= fromMs && ms < untilMs && isBeginning(agent, at) ? [ms] : []
  })
  const isTalkedOver = beginsMs.some((ms) => ms < toMs)
  const [answerAt] = beginsMs.filter((ms) => ms >= toMs)
  return { isTalkedOver, isAnswered: beginsMs.length > 0, answerMs: answerAt && answerAt - toMs }
}

function isBeginning(agent: readonly boolean[], at: number): boolean {
  return agent[at] === true && !agent.slice(Math.max(0, at - BREATH_FRAMES), at).includes(true)
}

function yielding(agent: readonly boolean[], fromMs: number) {
  const yieldMs = firstSilenceMs(agent, { fromMs, toMs: fromMs + YIELDS_MS })
  return { yieldMs, hasYielded: yieldMs !== undefined }
}

function serverMs(fromMs: number, noticedMs: readonly number[], clearedMs: readonly number[]): number | undefined {
  const noticed = noticedMs.find((ms) => ms >= fromMs && ms < fromMs + YIELDS_MS)
  const cleared = clearedMs.find((ms) => noticed !== undefined && ms >= noticed && ms < fromMs + YIELDS_MS)
  return noticed === undefined || cleared === undefined ? undefined : cleared - noticed
}

function isIgnored(agent: readonly boolean[], { fromMs, toMs, isOver }: Span & { isOver: boolean }): boolean {
  if (isOver) return firstSilenceMs(agent, { fromMs, toMs: toMs + GOES_ON_MS }) === undefined
  return firstVoiceMs(agent, { fromMs, toMs: toMs + STAYS_SILENT_MS }) === undefined
}
