/** The 97.5th percentile of the normal distribution: intervals are of 95 %. */
const Z = 1.96

export interface Interval {
  readonly from: number
  readonly to: number
}

/** Wilson's interval for a rate. It stays within 0 and 1, and is wide where there are few runs. */
export function wilson(passed: number, runs: number): Interval {
  if (runs === 0) return { from: 0, to: 1 }
  const rate = passed / runs
  const scale = 1 + Z ** 2 / runs
  const centre = (rate + Z ** 2 / (2 * runs)) / scale
  const half = (Z / scale) * Math.sqrt((rate * (1 - rate)) / runs + Z ** 2 / (4 * runs ** 2))
  return { from: Math.max(0, centre - half), to: Math.min(1, centre + half) }
}

/** How probable it is that `k` runs all pass, from `passed` of `runs` (tau-bench's pass^k); undefined with fewer than k. */
export function passAll(passed: number, runs: number, k: number): number | undefined {
  if (k > runs) return undefined
  let probability = 1
  for (let drawn = 0; drawn < k; drawn++) probability *= Math.max(0, passed - drawn) / (runs - drawn)
  return probability
}

export interface Counts {
  readonly passed: number
  readonly scored: number
}

export type Change = 'better' | 'worse' | 'not known'

/** Whether a rate has changed, by Newcombe's interval for the difference of two rates: what includes 0 is not known. */
export function changeOf(before: Counts, now: Counts): Change {
  if (before.scored === 0 || now.scored === 0) return 'not known'
  const [p1, p2] = [now.passed / now.scored, before.passed / before.scored]
  const [i1, i2] = [wilson(now.passed, now.scored), wilson(before.passed, before.scored)]
  const from = p1 - p2 - Math.hypot(p1 - i1.from, i2.to - p2)
  const to = p1 - p2 + Math.hypot(i1.to - p1, p2 - i2.from)
  if (from > 0) return 'better'
  return to < 0 ? 'worse' : 'not known'
}

/** The value below which this share of the values lies; undefined when there are none. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}
