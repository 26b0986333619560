import { seconds } from '../../src/commands/print.ts'
import { firstSilenceMs, firstVoiceMs, isVoicedAt, voicedFrames } from './lanes.ts'
import { has, matches, matchesAll, plain } from './match.ts'
import type { HeardTurn, PlayedTurn, Run, Span, ToolCall } from './run.ts'
import type { Expectation, Turn } from './scene.ts'

/** What is looked at, in this order. The judge comes last: it fails what code has passed, and saves nothing. */
export type Stage = 'state' | 'tools' | 'timing' | 'words' | 'judge'
export const STAGES: readonly Stage[] = ['state', 'tools', 'timing', 'words', 'judge']

/** One thing that was expected. */
export interface Check {
  readonly stage: Stage
  /** The turn that it belongs to, from 1; undefined for the whole scene. */
  readonly turn: number | undefined
  readonly isMet: boolean
  readonly expected: string
  readonly got: string
}

/**
 * `error`: something of ours went wrong. `invalid`: the caller did not do their part. Neither is scored, because nothing
 * is known of the agent.
 */
export type Outcome = 'passed' | 'failed' | 'error' | 'invalid'

export interface Verdict {
  readonly outcome: Outcome
  /** Why it is not scored. */
  readonly reasons: readonly string[]
  readonly checks: readonly Check[]
  /** From each of the caller's turns until the agent was heard, in ms, where it was. */
  readonly delaysMs: readonly number[]
}

/** tau-voice: the agent is to be silent so soon. */
const YIELDS_MS = 2_000
/** The agent is to talk on for so long, or to its end. */
const CONTINUES_MS = 1_000
/** So many of an answer's last words show that it was heard to its end. */
const LAST_WORDS = 4
/** Of the words that the caller said, so many have to be what was understood. */
const UNDERSTOOD = 0.5

/** What code can tell of a run. @param isLast it will not be repeated */
export function verdictOf(run: Run, isLast = true): Verdict {
  const turns = turnsOf(run)
  const delaysMs = turns.flatMap(({ answeredMs }) => answeredMs ?? [])
  if (run.errors.length > 0) return { outcome: 'error', reasons: run.errors, checks: [], delaysMs }
  const reasons = turns.flatMap((turn) => faultsOfCaller(turn, run))
  if (reasons.length > 0) return { outcome: 'invalid', reasons, checks: [], delaysMs }
  const checks = [...checksOfScene(run), ...turns.flatMap(checksOfTurn)]
  return decide({ checks: ordered(checks), delaysMs }, run, isLast)
}

/** Adds what the judge has found. */
export function withJudged(verdict: Verdict, judged: readonly Check[]): Verdict {
  const checks = [...verdict.checks, ...judged]
  return { ...verdict, checks, outcome: checks.every(({ isMet }) => isMet) ? 'passed' : 'failed' }
}

function decide(found: Pick<Verdict, 'checks' | 'delaysMs'>, { unmeasured }: Run, isLast: boolean): Verdict {
  const missed = found.checks.filter(({ isMet }) => !isMet)
  if (missed.length === 0) return { ...found, outcome: 'passed', reasons: [] }
  // Frames that come late also cut a caller's sentence in two; but not each time.
  if (unmeasured && (!isLast || missed.every(({ stage }) => stage === 'timing'))) {
    return { ...found, outcome: 'error', reasons: [`${unmeasured}: it could not be measured`] }
  }
  return { ...found, outcome: 'failed', reasons: [] }
}

const ordered = (checks: readonly Check[]): Check[] =>
  checks.toSorted((one, other) => STAGES.indexOf(one.stage) - STAGES.indexOf(other.stage))

/** A turn of the scene and all that belongs to it: until the caller's next turn begins. */
interface WholeTurn {
  readonly number: number
  readonly turn: Turn
  readonly played: PlayedTurn | undefined
  readonly voice: readonly boolean[]
  /** The answers that began in it, and what was said over. */
  readonly answers: readonly HeardTurn[]
  readonly over: HeardTurn | undefined
  readonly tools: readonly ToolCall[]
  /** From the end of the caller's turn to the next one. */
  readonly after: Span
  readonly answeredMs: number | undefined
}

function turnsOf(run: Run): WholeTurn[] {
  const voice = voicedFrames(run.lanes.agent, run.tones)
  // A persona's turns are not written before: nothing is expected of one.
  const turns = run.file.scene.turns ?? run.played.map(({ told }): Turn => ({ say: told }))
  return turns.map((turn, at) => {
    const played = run.played[at]
    const { fromMs, toMs } = played ?? { fromMs: Infinity, toMs: Infinity }
    const next = run.played[at + 1]?.fromMs ?? Infinity
    const isIn = (ms: number) => ms >= fromMs && ms < next
    const agents = run.heard.filter(({ who }) => who === 'agent')
    const after = { fromMs: toMs, toMs: Math.min(next, voice.length * 20) }
    return {
      ...{ number: at + 1, turn, played, voice, after },
      answers: agents.filter((one) => isIn(one.fromMs)),
      over: agents.findLast((one) => one.fromMs < fromMs && one.toMs > fromMs),
      tools: run.tools.filter(({ atMs }) => isIn(atMs)),
      answeredMs: isAnswered(turn) ? answerMs(voice, after) : undefined
    }
  })
}

/** Nothing is answered where the agent is to talk on, and nobody waits after hanging up. */
const isAnswered = ({ hangUp, expect }: Turn): boolean => !hangUp && !expect?.continues

/** Speech that goes on after the caller's turn is none that answers it. */
function answerMs(voice: readonly boolean[], after: Span): number | undefined {
  if (after.fromMs === Infinity) return undefined
  const silentMs = isVoicedAt(voice, after.fromMs) ? firstSilenceMs(voice, after) : 0
  if (silentMs === undefined) return undefined
  const fromMs = after.fromMs + silentMs
  const heardMs = firstVoiceMs(voice, { ...after, fromMs })
  return heardMs === undefined ? undefined : silentMs + heardMs
}

/** What the caller should have done and did not, or what of it did not arrive. */
function faultsOfCaller({ number, turn, played, voice }: WholeTurn, run: Run): string[] {
  if (!played) return []
  if (turn.bargeInMs !== undefined && !isVoicedAt(voice, played.fromMs)) {
    return [`turn ${number}: the caller was to speak over the agent, who had finished before`]
  }
  const words = turn.say
  // A sound over the agent may rightly leave no turn.
  if (words === undefined || turn.bargeInMs !== undefined) return []
  const understood = run.heard
    .filter(({ who, fromMs, toMs }) => who === 'caller' && toMs >= played.fromMs - 500 && fromMs <= played.toMs + 500)
    .map(({ text }) => text)
  const share = sharedWords(words, understood.join(' '))
  if (share >= UNDERSTOOD) return []
  return [`turn ${number}: the caller said "${words}" and was understood as "${understood.join(' ')}"`]
}

function sharedWords(said: string, understood: string): number {
  const words = plain(said).trim().split(' ')
  const heard = plain(understood)
  return words.filter((word) => heard.includes(` ${word} `)).length / words.length
}

function checksOfScene({ file: { scene }, kept, endReason, transferredTo, trouble, played }: Run): Check[] {
  const checks: Check[] = []
  const add = (isMet: boolean, expected: string, got: string) =>
    checks.push({ stage: 'state', turn: undefined, isMet, expected, got })
  if (trouble) add(false, 'the caller’s part is played to its end', trouble)
  const missing = (scene.turns ?? []).filter((turn, at) => turn.silence === undefined && !played[at])
  if (missing.length > 0) {
    add(false, `all ${scene.turns?.length} turns of the caller’s`, `the call ended after ${played.length}`)
  }
  for (const [kind, wanted] of Object.entries(scene.state ?? {})) {
    const values = kept[kind] ?? []
    add(matchesAll(values, wanted), `kept as ${kind}: ${JSON.stringify(wanted)}`, JSON.stringify(values))
  }
  if (scene.ended) add(scene.ended === endReason, `ended: ${inWords(scene.ended)}`, inWords(endReason ?? 'not known'))
  if (scene.transferred !== undefined) {
    const wanted = scene.transferred || undefined
    const isMet = wanted === undefined ? transferredTo === undefined : has(transferredTo ?? '', wanted)
    add(isMet, `transferred to ${wanted ?? 'nobody'}`, transferredTo ?? 'nobody')
  }
  return checks
}

const inWords = (reason: string): string => reason.replaceAll('_', ' ')

function checksOfTurn(whole: WholeTurn): Check[] {
  const { expect = {} } = whole.turn
  const of = (stage: Stage) => (found: Found) => ({ stage, turn: whole.number, ...found })
  return [
    ...toolsFound(expect, whole.tools).map(of('tools')),
    ...timingFound(expect, whole).map(of('timing')),
    ...wordsFound(expect, whole.answers).map(of('words'))
  ]
}

type Found = Pick<Check, 'isMet' | 'expected' | 'got'>

function toolsFound({ tools }: Expectation, called: readonly ToolCall[]): Found[] {
  const got = called.map(({ name, args }) => `${name} ${JSON.stringify(args)}`).join('; ') || 'none'
  if (tools?.length === 0) return [{ isMet: called.length === 0, expected: 'no tool', got }]
  return (tools ?? []).map(({ name, args = {} }) => ({
    isMet: called.some((one) => one.name === name && matches(one.args, args)),
    expected: `the tool ${name} ${JSON.stringify(args)}`,
    got
  }))
}

function timingFound({ within, yields, continues, resumes }: Expectation, whole: WholeTurn): Found[] {
  const { answeredMs } = whole
  const found: Found[] = []
  if (within !== undefined) {
    const got = answeredMs === undefined ? 'no answer' : `heard after ${seconds(answeredMs)}`
    found.push({ isMet: (answeredMs ?? Infinity) <= within, expected: `an answer within ${seconds(within)}`, got })
  }
  if (yields) found.push(yielded(whole))
  if (continues) found.push(continued(whole))
  if (resumes) found.push(resumed(whole))
  return found
}

function yielded({ played, voice }: WholeTurn): Found {
  const fromMs = played?.fromMs ?? 0
  const silentMs = firstSilenceMs(voice, { fromMs, toMs: voice.length * 20 })
  return {
    isMet: (silentMs ?? Infinity) <= YIELDS_MS,
    expected: `the agent is silent within ${seconds(YIELDS_MS)} of the caller’s first sound`,
    got: silentMs === undefined ? 'it was not' : `after ${seconds(silentMs)}`
  }
}

function continued({ played, voice, over }: WholeTurn): Found {
  const fromMs = played?.fromMs ?? 0
  const silentMs = firstSilenceMs(voice, { fromMs, toMs: fromMs + CONTINUES_MS })
  const isAtItsEnd = over !== undefined && !over.cut
  return {
    isMet: over !== undefined && isAtItsEnd,
    expected: 'the agent talks on',
    got: isAtItsEnd ? 'it did' : `it was cut off${silentMs === undefined ? '' : ` after ${seconds(silentMs)}`}`
  }
}

function resumed({ over, answers }: WholeTurn): Found {
  const words = plain(over?.generatedText ?? '')
    .trim()
    .split(' ')
  const heard = plain([over, ...answers].map((one) => one?.text ?? '').join(' '))
  return {
    isMet: over !== undefined && heard.includes(` ${words.slice(-LAST_WORDS).join(' ')} `),
    expected: `the agent says what it had begun to say: "${over?.generatedText ?? ''}"`,
    got: `"${heard.trim()}"`
  }
}

function wordsFound({ said = [], notSaid = [] }: Expectation, answers: readonly HeardTurn[]): Found[] {
  const heard = answers.map(({ text }) => text).join(' ')
  const got = heard === '' ? 'nothing was heard' : `heard: "${heard}"`
  return [
    ...said.map((words) => ({ isMet: has(heard, words), expected: `said: ${words}`, got })),
    ...notSaid.map((words) => ({ isMet: !has(heard, words), expected: `not said: ${words}`, got }))
  ]
}
