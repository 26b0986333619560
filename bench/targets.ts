import type { Mix } from './measure-load.ts'
import { figuresAt, growthComparisons, type Numbers, type Results } from './results.ts'
import type { ServerName } from './server-process.ts'

/** What one figure is to be, and what it is. */
export interface Check {
  readonly name: string
  readonly atMost: number
  readonly measured: number
  readonly isMet: boolean
}

interface Target {
  readonly name: string
  readonly atMost: number
  /** Undefined when the run has not measured it. */
  readonly measure: (results: Results) => number | undefined
}

const at = (mix: Mix, compression: boolean, calls: number) => (results: Results, server: ServerName) =>
  figuresAt(results, { server, mix, compression, calls })

const HUNDRED = at('talking', false, 100)
const PLAIN = at('talking', false, 150)
const FOUR_HUNDRED = at('talking', false, 400)

/** What the CPU of ours may be, of another server's. */
const CPU = [
  { of: 'baseline', compression: true, calls: 50, atMost: 0.3 },
  { of: 'pass-through', compression: true, calls: 50, atMost: 0.36 },
  { of: 'pass-through', compression: false, calls: 150, atMost: 1 },
  { of: 'limit', compression: false, calls: 150, atMost: 1.4 }
] as const

const cpuTargets = (mix: Mix): Target[] =>
  CPU.map(({ of, compression, calls, atMost }) => ({
    name: `CPU : ${of}, ${calls} calls, ${mix} agent, compression ${compression ? 'offered' : 'off'}`,
    atMost,
    measure: (results) => {
      const figures = at(mix, compression, calls)
      return ratio(figures(results, 'ours'), figures(results, of))
    }
  }))

const TARGETS: readonly Target[] = [
  ...cpuTargets('idle'),
  ...cpuTargets('talking'),
  {
    name: 'latency up p99 beyond the limit, 150 calls, ms',
    atMost: 3,
    measure: (results) => beyond(PLAIN(results, 'ours'), PLAIN(results, 'limit'), 'upP99')
  },
  {
    name: 'latency down p99 beyond the limit, 150 calls, ms',
    atMost: 3,
    measure: (results) => beyond(PLAIN(results, 'ours'), PLAIN(results, 'limit'), 'downP99')
  },
  {
    name: 'clear p99, 100 calls, ms',
    atMost: 5,
    measure: (results) => HUNDRED(results, 'ours')?.['clearP99']
  },
  {
    name: 'CPU per call at 400 calls : at 100',
    atMost: 1,
    measure: (results) => ratio(FOUR_HUNDRED(results, 'ours'), HUNDRED(results, 'ours'))
  },
  {
    name: 'RSS for one more call, 100 to 400, kB',
    atMost: 150,
    measure: (results) => {
      const growth = growthComparisons(results).find(({ title }) => title.includes('from 100 to 400'))
      const bytes = growth?.rows.find(({ server }) => server === 'ours')?.figures['rssSlope']
      return bytes === undefined ? undefined : bytes / 1_000
    }
  }
]

/** The targets that this run says something about. */
export function checkTargets(results: Results): Check[] {
  return TARGETS.flatMap(({ name, atMost, measure }) => {
    const measured = measure(results)
    return measured === undefined ? [] : [{ name, atMost, measured, isMet: measured <= atMost }]
  })
}

function ratio(a: Numbers | undefined, b: Numbers | undefined): number | undefined {
  const [ours, theirs] = [a?.['cpuMs'], b?.['cpuMs']]
  return ours === undefined || theirs === undefined ? undefined : ours / theirs
}

function beyond(a: Numbers | undefined, b: Numbers | undefined, figure: string): number | undefined {
  const [ours, theirs] = [a?.[figure], b?.[figure]]
  return ours === undefined || theirs === undefined ? undefined : ours - theirs
}
