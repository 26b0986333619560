import { seconds } from '../../src/commands/print.ts'
import type { Baseline } from './baseline.ts'
import { isScored, type Played, type SceneResult } from './play-all.ts'
import { type Counts, changeOf, passAll, quantile, wilson } from './statistics.ts'
import type { Check } from './verdict.ts'

/** Counts of a scene's runs. */
export interface Tally extends Counts {
  readonly errors: number
  readonly invalid: number
}

export function tallyOf(plays: readonly Played[]): Tally {
  const count = (outcome: string) => plays.filter(({ verdict }) => verdict.outcome === outcome).length
  const passed = count('passed')
  return { passed, scored: passed + count('failed'), errors: count('error'), invalid: count('invalid') }
}

/** Every scored run has passed, and at least one was scored. */
export function isGood({ plays }: SceneResult): boolean {
  const { passed, scored } = tallyOf(plays)
  return scored > 0 && passed === scored
}

/** The results in Markdown, for a terminal and for a pull request. */
export function summary(results: readonly SceneResult[], baseline?: Baseline): string {
  const rows = results.map((result) => row(result, baseline))
  const heading = ['', 'scene', 'passed', 'answers', ...(baseline ? ['against the baseline'] : [])]
  const table = [heading, heading.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [...table, '', ...totals(results, baseline), ...results.flatMap(why)].join('\n')
}

function row(result: SceneResult, baseline: Baseline | undefined): string[] {
  const tally = tallyOf(result.plays)
  const { name } = result.file.scene
  const before = baseline?.scenes[name]
  return [
    isGood(result) ? '✓' : tally.scored === 0 ? '?' : '✗',
    name,
    `${tally.passed} of ${tally.scored}${tally.scored > 1 ? ` ${percents(wilson(tally.passed, tally.scored))}` : ''}`,
    delays(result.plays.filter(isScored).flatMap(({ verdict }) => verdict.delaysMs)),
    ...(baseline ? [before ? changeOf(before, tally) : 'new'] : [])
  ]
}

function totals(results: readonly SceneResult[], baseline: Baseline | undefined): string[] {
  const tallies = results.map(({ plays }) => tallyOf(plays))
  const sum = (of: (tally: Tally) => number) => tallies.reduce((all, tally) => all + of(tally), 0)
  const all = { passed: sum(({ passed }) => passed), scored: sum(({ scored }) => scored) }
  const lines = [
    `${results.filter(isGood).length} of ${results.length} scenes passed; of ${all.scored} runs ${all.passed}, ${percents(wilson(all.passed, all.scored))}.`
  ]
  const most = Math.min(...tallies.map(({ scored }) => scored))
  for (let k = 1; most > 1 && k <= most; k++) lines.push(`pass^${k}: ${percent(mean(tallies, k))}`)
  const [errors, invalid] = [sum((tally) => tally.errors), sum((tally) => tally.invalid)]
  if (errors + invalid > 0) {
    lines.push(`Not scored: ${errors} runs with an error, ${invalid} in which the caller did not do their part.`)
  }
  if (baseline) lines.push(`Against the baseline of ${baseline.at}: ${changeOf(baseline.all, all)}.`)
  return lines
}

function mean(tallies: readonly Tally[], k: number): number {
  return tallies.reduce((sum, { passed, scored }) => sum + (passAll(passed, scored, k) ?? 0), 0) / tallies.length
}

const percent = (rate: number): string => `${Math.round(rate * 100)} %`
const percents = ({ from, to }: { from: number; to: number }): string => `(${percent(from)} to ${percent(to)})`

function delays(delaysMs: readonly number[]): string {
  const [median, longest] = [quantile(delaysMs, 0.5), quantile(delaysMs, 1)]
  return median === undefined || longest === undefined ? '' : `${seconds(median)}, at most ${seconds(longest)}`
}

/** What went wrong in a scene: of the first run that failed, or why no run could be scored. */
function why(result: SceneResult): string[] {
  if (isGood(result)) return []
  const { file, plays } = result
  const failed = plays.find(({ verdict }) => verdict.outcome === 'failed') ?? plays.at(-1)
  const reasons = failed
    ? [...failed.verdict.reasons, ...failed.verdict.checks.filter(({ isMet }) => !isMet).map(inWords)]
    : ['it was not played']
  return ['', `${file.scene.name} (${file.file}):`, ...reasons.map((reason) => `- ${reason}`)]
}

export function inWords({ stage, turn, expected, got }: Check): string {
  return `${turn === undefined ? '' : `turn ${turn}, `}${stage}: expected ${expected}; ${got}`
}
