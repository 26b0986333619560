import { quantile } from '../statistics.ts'
import type { Outcome } from './measure.ts'

/** A rate of fewer events says nothing. */
const FEWEST = 10

interface Row {
  readonly name: string
  readonly about: string
  readonly measure: (outcomes: readonly Outcome[]) => Figure
  readonly target?: Target
}

/** What has to be reached, without and with a least length of interruptions. */
interface Target {
  readonly text: string
  readonly isMet: (figure: Figure, minInterruptionMs: number) => boolean
}

interface Figure {
  readonly count: number
  /** Lengths in ms. */
  readonly p50?: number | undefined
  readonly p95?: number | undefined
  readonly rate?: number | undefined
}

export interface Column {
  readonly minInterruptionMs: number
  readonly outcomes: readonly Outcome[]
}

const isNeeded = (rate: number): Target => ({
  text: rate === 1 || rate === 0 ? `${rate}` : `at least ${rate}`,
  isMet: (figure) => (rate === 0 ? figure.rate === 0 : (figure.rate ?? 0) >= rate)
})
const ignoredWithLength: Target = {
  text: 'at least 0.9 with',
  isMet: (figure, minInterruptionMs) => minInterruptionMs === 0 || (figure.rate ?? 0) >= 0.9
}
/** The server has 20 ms, and 20 more when it hears for itself how long the caller speaks. */
const serverInTime: Target = {
  text: 'p95 at most 20 ms; with 440 ms',
  isMet: ({ p95 = Number.POSITIVE_INFINITY }, minInterruptionMs) =>
    p95 <= (minInterruptionMs === 0 ? 20 : minInterruptionMs + 40)
}

const over = (isOver: boolean) => (outcome: Outcome) => outcome.isOver === isOver
const ofKind = (kind: Outcome['kind']) => (outcome: Outcome) => outcome.kind === kind
const lengths = (of: (outcome: Outcome) => number | undefined) => (outcomes: readonly Outcome[]) => {
  const found = outcomes.map(of).filter((ms) => ms !== undefined)
  return { count: found.length, p50: quantile(found, 0.5), p95: quantile(found, 0.95) }
}
const rate = (of: (outcome: Outcome) => boolean | undefined) => (outcomes: readonly Outcome[]) => {
  const found = outcomes.map(of).filter((is) => is !== undefined)
  return { count: found.length, rate: found.filter(Boolean).length / found.length }
}
const ignored =
  (kind: Outcome['kind'], isOver?: boolean): Row['measure'] =>
  (outcomes) =>
    rate(({ isIgnored }) => isIgnored)(
      outcomes.filter(ofKind(kind)).filter(isOver === undefined ? () => true : over(isOver))
    )

const ROWS: readonly Row[] = [
  {
    name: 'L_R',
    about: 'from the end of the caller’s turn to the agent’s voice',
    measure: lengths(({ answerMs }) => answerMs)
  },
  {
    name: 'L_Y',
    about: 'from the beginning of an interruption to the agent’s silence',
    measure: lengths(({ yieldMs }) => yieldMs)
  },
  {
    name: 'L_Y, server',
    about: 'its part from the model’s `speech_started` to `clear`',
    measure: lengths(({ serverMs }) => serverMs),
    target: serverInTime
  },
  {
    name: 'R_R',
    about: 'answered before the caller speaks again',
    measure: rate(({ isAnswered }) => isAnswered),
    target: isNeeded(1)
  },
  {
    name: 'R_Y',
    about: 'silent within 2.0 s of an interruption',
    measure: rate(({ hasYielded }) => hasYielded),
    target: isNeeded(0.99)
  },
  {
    name: 'I_A',
    about: 'begins while the caller speaks, per turn',
    measure: rate(({ isTalkedOver }) => isTalkedOver),
    target: isNeeded(0)
  },
  {
    name: 'S_BC',
    about: 'goes on through “mhm”, “yeah”, “okay”',
    measure: ignored('backchannel'),
    target: ignoredWithLength
  },
  {
    name: 'S_VT',
    about: 'ignores coughs, laughter, sneezes',
    measure: ignored('noise'),
    target: ignoredWithLength
  },
  { name: 'S_VT, talking', about: 'those while it talks', measure: ignored('noise', true) },
  { name: 'S_VT, silent', about: 'those while nobody talks', measure: ignored('noise', false) },
  { name: 'S_ND', about: 'ignores what is said to others', measure: ignored('aside') },
  { name: 'S_ND, talking', about: 'while it talks', measure: ignored('aside', true) },
  { name: 'S_ND, silent', about: 'while nobody talks', measure: ignored('aside', false) }
]

/** The panel as a Markdown table. */
export function tableOf(columns: readonly Column[]): string {
  const heads = columns.map(({ minInterruptionMs }) => `MIN_INTERRUPTION_MS=${minInterruptionMs}`)
  const lines = ROWS.map(({ name, about, measure, target }) => [
    ...[name, about],
    ...columns.map(({ outcomes }) => inWords(measure(outcomes))),
    target?.text ?? ''
  ])
  const all = [['', '', ...heads, 'target'], ['---', '---', ...heads.map(() => '---'), '---'], ...lines]
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** The targets that were not reached, each in a line. */
export function missedOf(columns: readonly Column[]): string[] {
  return columns.flatMap(({ minInterruptionMs, outcomes }) =>
    ROWS.flatMap(({ name, measure, target }) => {
      const figure = measure(outcomes)
      if (!target || figure.count < FEWEST || target.isMet(figure, minInterruptionMs)) return []
      return [`${name} with MIN_INTERRUPTION_MS=${minInterruptionMs}: ${inWords(figure)}; the target is ${target.text}`]
    })
  )
}

function inWords({ count, p50, p95, rate: share }: Figure): string {
  if (count < FEWEST) return `- (of ${count})`
  if (share !== undefined) return `${share.toFixed(2)} (of ${count})`
  return `${p50?.toFixed(0)} ms, p95 ${p95?.toFixed(0)} ms (of ${count})`
}
