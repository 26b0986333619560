import { carry } from './carry.ts'
import { type PlayOptions, play } from './play.ts'
import type { SceneFile } from './read-scenes.ts'
import type { Run } from './run.ts'
import { type Check, type Verdict, verdictOf, withJudged } from './verdict.ts'

/** A run and what was found of it. */
export interface Played {
  readonly run: Run
  readonly verdict: Verdict
}

/** A scene and all its runs, in order. Runs that could not be scored were repeated, and are here too. */
export interface SceneResult {
  readonly file: SceneFile
  readonly plays: readonly Played[]
}

export interface PlayAllOptions extends PlayOptions {
  readonly runs: number
  /** No scene begins any more when so much has been spent, in USD. */
  readonly maxUsd: number | undefined
  /** Spent elsewhere, by the judge and personas, in USD. */
  readonly spentElsewhere: () => number
  /** @throws what makes the run an error */
  readonly judge: (run: Run) => Promise<readonly Check[]>
  readonly tell: (played: Played) => void
}

/** A run that could not be scored is repeated so often. */
const REPEATS = 2

interface Job {
  readonly file: SceneFile
  readonly repeats: number
}

/** Plays every scene so often, as many at a time as this process carries without being late. */
export async function playAll(files: readonly SceneFile[], options: PlayAllOptions): Promise<SceneResult[]> {
  const plays = new Map<SceneFile, Played[]>(files.map((file) => [file, []]))
  const jobs = Array.from({ length: options.runs }, () => files.map((file): Job => ({ file, repeats: 0 }))).flat()
  await carry(jobs, async ({ file, repeats }) => {
    if (isSpent(plays, options)) {
      jobs.length = 0
      return
    }
    const played = await playOnce(file, options, repeats === REPEATS)
    plays.get(file)?.push(played)
    options.tell(played)
    if (!isScored(played) && repeats < REPEATS) jobs.push({ file, repeats: repeats + 1 })
  })
  return files.map((file) => ({ file, plays: plays.get(file) ?? [] }))
}

export const isScored = ({ verdict: { outcome } }: Played): boolean => outcome === 'passed' || outcome === 'failed'

export function spentOn(plays: Iterable<readonly Played[]>): number {
  return [...plays].flat().reduce((usd, { run }) => usd + run.costUsd, 0)
}

function isSpent(plays: ReadonlyMap<SceneFile, readonly Played[]>, options: PlayAllOptions): boolean {
  const { maxUsd = Number.POSITIVE_INFINITY, isReal, spentElsewhere } = options
  return isReal && spentOn(plays.values()) + spentElsewhere() >= maxUsd
}

async function playOnce(file: SceneFile, options: PlayAllOptions, isLast: boolean): Promise<Played> {
  const run = await play(file, options)
  const verdict = verdictOf(run, isLast)
  // What code has failed stays failed, whatever a judge says.
  if (verdict.outcome !== 'passed') return { run, verdict }
  try {
    return { run, verdict: withJudged(verdict, await options.judge(run)) }
  } catch (error) {
    return { run, verdict: { ...verdict, outcome: 'error', reasons: [(error as Error).message] } }
  }
}
