import { MIXES, type Mix } from './measure-load.ts'
import type { Pair } from './measure-pair.ts'
import { figuresAt, growthComparisons, type Numbers, pairMedians, pairTitle, type Results } from './results.ts'
import type { ServerName } from './server-process.ts'

/** One figure's target and its measured value. */
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

/** The most CPU that this server may need, as a share of another server's. */
const CPU = [
  { other: 'baseline', compression: true, calls: 50, atMost: 0.3 },
  { other: 'pass-through', compression: true, calls: 50, atMost: 0.36 },
  { other: 'pass-through', compression: false, calls: 150, atMost: 1 },
  { other: 'limit', compression: false, calls: 150, atMost: 1.4 }
] as const

const CPU_TARGETS = MIXES.flatMap((mix) => CPU.map((target) => ({ ...target, mix })))

/** The pairs whose CPU is compared. */
export const PAIRS: readonly Pair[] = CPU_TARGETS

const cpuTargets = CPU_TARGETS.map(
  ({ atMost, ...pair }): Target => ({
    name: `CPU : ${pair.other}, ${pairTitle(pair)}`,
    atMost,
    measure: (results) =>
      pairMedians(results).find(({ other, ...conditions }) => {
        return other === pair.other && pairTitle(conditions) === pairTitle(pair)
      })?.ratio
  })
)

const TARGETS: readonly Target[] = [
  ...cpuTargets,
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

/** The checks of the targets that this run measured. */
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
