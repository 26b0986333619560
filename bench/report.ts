import { MODEL_OPENS_MS } from './measure-answer.ts'
import { KEEPS_UP } from './measure-load.ts'
import {
  answerComparison,
  type Comparison,
  growthComparisons,
  loadComparisons,
  pairMedians,
  pairTitle,
  type Results,
  ratios
} from './results.ts'
import { checkTargets } from './targets.ts'

interface Column {
  readonly label: string
  readonly figure: string
  readonly digits: number
  /** The printed unit in terms of the measured unit. */
  readonly unit?: number
  /** True for figures without a sensible ratio. */
  readonly noRatio?: boolean
}

const LOAD: readonly Column[] = [
  { label: 'CPU ms/call-s', figure: 'cpuMs', digits: 2 },
  { label: 'RSS kB/call', figure: 'rssPerCall', digits: 0, unit: 1_000 },
  { label: 'up p50 ms', figure: 'upP50', digits: 2 },
  { label: 'up p99 ms', figure: 'upP99', digits: 2 },
  { label: 'down p50 ms', figure: 'downP50', digits: 2 },
  { label: 'down p99 ms', figure: 'downP99', digits: 2 },
  { label: 'clear p50 ms', figure: 'clearP50', digits: 2 },
  { label: 'clear p99 ms', figure: 'clearP99', digits: 2 },
  { label: 'delivered %', figure: 'delivered', digits: 1, unit: 0.01, noRatio: true },
  { label: 'load ms/call-s', figure: 'loadCpuMs', digits: 2, noRatio: true },
  { label: 'load late ms', figure: 'loadLatenessMs', digits: 1, noRatio: true }
]
const ANSWER: readonly Column[] = [
  { label: 'greeting cold ms', figure: 'coldMs', digits: 0 },
  { label: 'greeting warm ms', figure: 'warmMs', digits: 0 },
  { label: 'caller audio lost ms', figure: 'lostMs', digits: 0 },
  { label: 'never greeted', figure: 'mute', digits: 0, noRatio: true }
]
const GROWTH: readonly Column[] = [
  { label: 'CPU ms/call-s, few', figure: 'cpuMsLow', digits: 2 },
  { label: 'CPU ms/call-s, many', figure: 'cpuMsHigh', digits: 2 },
  { label: 'RSS kB for one more', figure: 'rssSlope', digits: 0, unit: 1_000 },
  { label: 'heap kB for one more', figure: 'heapSlope', digits: 0, unit: 1_000 }
]

/** Everything as Markdown tables, ratios below the figures. */
export function reportText(results: Results): string {
  return [
    ...answerComparison(results).map((comparison) =>
      table(comparison, ANSWER, `The model opens in ${MODEL_OPENS_MS} ms.`)
    ),
    ...loadComparisons(results).map((comparison) => table(comparison, LOAD, '')),
    ...growthComparisons(results).map((comparison) => table(comparison, GROWTH, '')),
    ...pairTable(results),
    ...targetTable(results),
    ...results.failures.map((failure) => `Not measured: ${failure}`)
  ].join('\n\n')
}

/** The same figures and ratios as data. */
export function reportData(results: Results): object {
  const comparisons = [...answerComparison(results), ...loadComparisons(results), ...growthComparisons(results)]
  return {
    targets: checkTargets(results),
    failures: results.failures,
    pairs: pairMedians(results),
    comparisons: comparisons.map((comparison) => ({ ...comparison, ratios: ratios(comparison) })),
    rounds: {
      answers: results.answers,
      pairs: results.pairs,
      climbs: results.climbs.map(({ profile: _, ...climb }) => climb)
    }
  }
}

function pairTable(results: Results): string[] {
  const pairs = pairMedians(results)
  if (pairs.length === 0) return []
  const rows = pairs.map(({ other, oursMs, otherMs, ratio, ...conditions }) => [
    `${other}, ${pairTitle(conditions)}`,
    rounded(oursMs, 2),
    rounded(otherMs, 2),
    rounded(ratio, 2)
  ])
  const head = ['', 'ours ms/call-s', 'the other ms/call-s', 'ours : the other']
  return [['### CPU of ours and another at the same time', '', ...aligned([head, ...rows])].join('\n')]
}

function targetTable(results: Results): string[] {
  const checks = checkTargets(results)
  if (checks.length === 0) return []
  const rows = checks.map(({ name, atMost, measured, isMet }) => [
    name,
    String(atMost),
    rounded(measured, 2),
    isMet ? 'yes' : 'no'
  ])
  return [['### targets', '', ...aligned([['', 'at most', 'measured', 'met'], ...rows])].join('\n')]
}

function table(comparison: Comparison, columns: readonly Column[], note: string): string {
  const rows = comparison.rows.map(({ server, figures }) => [
    (figures['delivered'] ?? 1) < KEEPS_UP ? `${server} (behind)` : server,
    ...columns.map((column) => cell(figures, column))
  ])
  const quotients = ratios(comparison).map(({ to, figures }) => [
    `ours : ${to}`,
    ...columns.map(({ figure, noRatio }) => (noRatio ? '' : rounded(figures[figure], 2)))
  ])
  const head = ['', ...columns.map(({ label }) => label)]
  return [
    `### ${comparison.title}`,
    ...(note === '' ? [] : [note]),
    '',
    ...aligned([head, ...rows, ...quotients])
  ].join('\n')
}

function cell(figures: Readonly<Record<string, number | undefined>>, { figure, digits, unit = 1 }: Column): string {
  const value = figures[figure]
  return rounded(value === undefined ? undefined : value / unit, digits)
}

function rounded(value: number | undefined, digits: number): string {
  return value === undefined ? '-' : value.toFixed(digits)
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map(
    (row) => `| ${row.map((text, column) => pad(text, widths[column] ?? 0, column)).join(' | ')} |`
  )
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [lines[0] ?? '', rule, ...lines.slice(1)]
}

function pad(text: string, width: number, column: number): string {
  return column === 0 ? text.padEnd(width) : text.padStart(width)
}
