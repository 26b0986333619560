import type { AnswerFigures } from './measure-answer.ts'
import type { Climb, Conditions, LoadFigures } from './measure-load.ts'
import type { Pair, PairFigures } from './measure-pair.ts'
import type { ServerName } from './server-process.ts'
import { median } from './statistics.ts'

export interface ClimbResult extends Conditions, Climb {
  readonly round: number
}

export interface AnswerResult extends AnswerFigures {
  readonly server: ServerName
  readonly round: number
}

export interface PairResult extends Pair, PairFigures {
  readonly round: number
}

/** Everything that one run measured. */
export interface Results {
  readonly climbs: ClimbResult[]
  readonly answers: AnswerResult[]
  readonly pairs: PairResult[]
  /** What could not be measured, one sentence each. */
  readonly failures: string[]
}

export type Numbers = Readonly<Record<string, number | undefined>>

/** Servers under the same conditions: medians of the rounds. */
export interface Comparison {
  readonly title: string
  readonly rows: readonly { readonly server: ServerName; readonly figures: Numbers }[]
}

/** This server's figures divided by another server's. */
export interface Ratio {
  readonly to: ServerName
  readonly figures: Numbers
}

/** A comparison for each mix, compression and number of calls. */
export function loadComparisons({ climbs }: Results): Comparison[] {
  const rungs = climbs.flatMap((climb) => climb.rungs.map((rung) => ({ ...climb, rung })))
  const groups = Map.groupBy(rungs, ({ mix, compression, rung }) => loadTitle(mix, compression, rung.calls))
  return [...groups].map(([title, group]) => compare(title, group, ({ rung, lostMs }) => ({ ...rung, lostMs })))
}

/** The medians of one server under the same conditions; undefined when they were not measured. */
export function figuresAt(results: Results, conditions: Conditions & { calls: number }): Numbers | undefined {
  const title = loadTitle(conditions.mix, conditions.compression, conditions.calls)
  const comparison = loadComparisons(results).find((candidate) => candidate.title === title)
  return comparison?.rows.find(({ server }) => server === conditions.server)?.figures
}

/** The medians of the rounds for each pair. */
export function pairMedians({ pairs }: Results): (Pair & PairFigures)[] {
  const groups = Map.groupBy(pairs, ({ other, ...conditions }) => `${other} ${pairTitle(conditions)}`)
  return [...groups.values()].flatMap((rounds) => {
    const [first] = rounds
    const of = (figure: keyof PairFigures) => median(rounds.map((round) => round[figure])) ?? Number.NaN
    return first ? [{ ...first, oursMs: of('oursMs'), otherMs: of('otherMs'), ratio: of('ratio') }] : []
  })
}

export function pairTitle({ mix, compression, calls }: Omit<Pair, 'other'>): string {
  return `${calls} calls, ${mix} agent, compression ${compression ? 'offered' : 'off'}`
}

export function answerComparison({ answers }: Results): Comparison[] {
  return answers.length === 0 ? [] : [compare('answering a call', answers, (figures) => ({ ...figures }))]
}

/** The growth from the lowest to the highest number of calls. */
export function growthComparisons({ climbs }: Results): Comparison[] {
  const high = climbs.filter(({ rungs }) => rungs.length > 1)
  const groups = Map.groupBy(high, ({ mix, compression, rungs }) => {
    return `growth from ${rungs[0]?.calls} to ${rungs.at(-1)?.calls} calls, ${describe(mix, compression)}`
  })
  return [...groups].map(([title, group]) => compare(title, group, ({ rungs }) => growth(rungs)))
}

export function ratios({ rows }: Comparison): Ratio[] {
  const ours = rows.find(({ server }) => server === 'ours')
  if (!ours) return []
  const others = rows.filter((row) => row !== ours)
  return others.map(({ server, figures }) => ({ to: server, figures: divide(ours.figures, figures) }))
}

function growth(rungs: readonly LoadFigures[]): Numbers {
  const [low, high] = [rungs[0], rungs.at(-1)]
  if (!low || !high) return {}
  const calls = high.calls - low.calls
  return {
    cpuMsLow: low.cpuMs,
    cpuMsHigh: high.cpuMs,
    rssSlope: (high.rssBytes - low.rssBytes) / calls,
    heapSlope: (high.heapBytes - low.heapBytes) / calls
  }
}

function compare<Result extends { server: ServerName }>(
  title: string,
  results: readonly Result[],
  figuresOf: (result: Result) => object
): Comparison {
  const byServer = Map.groupBy(results, ({ server }) => server)
  const rows = [...byServer].map(([server, rounds]) => ({
    server,
    figures: medians(rounds.map((result) => figuresOf(result) as Record<string, unknown>))
  }))
  return { title, rows }
}

function medians(rounds: readonly Record<string, unknown>[]): Numbers {
  const names = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((figures) => number(figures[name])))]))
}

function divide(ours: Numbers, theirs: Numbers): Numbers {
  const names = Object.keys(ours)
  return Object.fromEntries(names.map((name) => [name, quotient(ours[name], theirs[name])]))
}

function quotient(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function loadTitle(mix: string, compression: boolean, calls: number): string {
  return `${calls} calls, ${describe(mix, compression)}`
}

function describe(mix: string, compression: boolean): string {
  return `${mix} agent, compression ${compression ? 'offered by the model' : 'off'}`
}
