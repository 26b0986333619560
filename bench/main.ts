import { spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { measureAnswer } from './measure-answer.ts'
import { climb } from './measure-load.ts'
import { measurePair, PAIR_WARM_UP_MS, type Pair } from './measure-pair.ts'
import { InvalidOptions, LONG_RUNS, type LongRun, type Options, readOptions, type Trial, USAGE } from './options.ts'
import { topSelfTimes } from './profile.ts'
import { reportData, reportText } from './report.ts'
import { type ClimbResult, pairTitle, type Results } from './results.ts'
import type { ServerName } from './server-process.ts'
import { type Soak, soak } from './soak.ts'

const TOP = 25

function optionsOrExit(): Options {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options) return options
    console.log(USAGE)
    process.exit(0)
  } catch (error) {
    if (!(error instanceof InvalidOptions)) throw error
    console.error(`${error.message}. --help lists what there is.`)
    process.exit(1)
  }
}

/** The machine: figures of different machines cannot be compared. */
function machine() {
  const [cpu] = cpus()
  return { node: process.version, cpu: cpu?.model, cores: cpus().length, at: new Date().toISOString() }
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Measures server after server, round after round, so that disturbances of the machine meet all of them. */
async function measure(options: Options): Promise<Results> {
  const results: Results = { climbs: [], answers: [], pairs: [], failures: [] }
  for (const pair of options.pairs) await measurePairs(options, pair, results)
  for (let round = 1; round <= options.rounds; round += 1) {
    if (options.answers > 0) {
      for (const server of options.servers) {
        await attempt(`round ${round}: ${server}, answering`, results, async () => {
          results.answers.push({ round, server, ...(await measureAnswer(server, options.answers)) })
        })
      }
    }
    for (const trial of options.trials) {
      for (const server of options.servers) await measureClimb(options, trial, server, round, results)
    }
  }
  return results
}

async function measureClimb(options: Options, trial: Trial, server: ServerName, round: number, results: Results) {
  const { mix, compression, calls } = trial
  const name = `round ${round}: ${server}, ${calls} calls, ${mix} agent, compression ${compression ? 'on' : 'off'}`
  await attempt(name, results, async () => {
    const result = await climb(
      { server, mix, compression },
      {
        ladder: calls,
        warmUpMs: options.warmUpSeconds * 1_000,
        windowMs: options.seconds * 1_000,
        profile: options.profile !== undefined && round === 1
      }
    )
    results.climbs.push({ round, server, mix, compression, ...result })
  })
}

async function measurePairs({ seconds, rounds }: Options, pair: Pair, results: Results) {
  await attempt(`ours and ${pair.other} at the same time, ${pairTitle(pair)}`, results, async () => {
    const windows = { warmUpMs: PAIR_WARM_UP_MS, windowMs: seconds * 1_000, windows: rounds }
    const figures = await measurePair(pair, windows)
    results.pairs.push(...figures.map((window, index) => ({ round: index + 1, ...pair, ...window })))
  })
}

/** Contains an error, so that one broken server does not cost the figures of the others. */
async function attempt(name: string, results: Results, run: () => Promise<void>): Promise<void> {
  progress(name)
  try {
    await run()
  } catch (error) {
    const { message } = error as Error
    progress(`  ${message}`)
    results.failures.push(`${name}: ${message}`)
  }
}

async function saveProfiles(folder: string, climbs: readonly ClimbResult[]): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { server, mix, compression, profile } of climbs) {
    if (!profile) continue
    const file = join(folder, `${server}-${mix}-${compression ? 'compressed' : 'plain'}.cpuprofile`)
    await writeFile(file, JSON.stringify(profile))
    console.log(`\n### ${file}\n`)
    for (const { name, share } of topSelfTimes(profile, TOP)) {
      console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${name}`)
    }
  }
}

async function soakAll({ servers, trials, staySeconds }: Options, minutes: number): Promise<Soak[]> {
  const soaks: Soak[] = []
  for (const server of servers) {
    for (const count of trials.flatMap(({ calls }) => calls)) {
      progress(`${server}: ${count} calls for ${minutes} min`)
      const result = await soak(server, count, { minutes, staySeconds }, ({ minutes: at, rssBytes, heapBytes }) => {
        progress(`${at.toFixed(1).padStart(6)} min  RSS ${megabytes(rssBytes)}  heap ${megabytes(heapBytes)}`)
      })
      soaks.push(result)
      console.log(soakText(result))
    }
  }
  return soaks
}

function soakText({
  server,
  calls,
  staySeconds,
  rssPerMinute = 0,
  heapPerMinute = 0,
  callers,
  hungUpOn
}: Soak): string {
  const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(0)} kB`
  const grew = `RSS ${kilobytes(rssPerMinute)}, heap ${kilobytes(heapPerMinute)}`
  const who = `${calls} calls of ${staySeconds} s at a time, ${callers} in all`
  return `${server}, ${who}: grew by ${grew} a minute in the second half; ${hungUpOn} calls were lost`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** Plays the whole of a test that `npm test` plays a part of. */
function playWhole(name: LongRun): boolean {
  const env = { ...process.env, TRIAL: name }
  return spawnSync('vitest', ['run', LONG_RUNS[name]], { env, stdio: 'inherit' }).status === 0
}

const options = optionsOrExit()
if (options.longRuns.length > 0) process.exit(options.longRuns.map(playWhole).every(Boolean) ? 0 : 1)
let figures: object
if (options.soak !== undefined) {
  figures = { soaks: await soakAll(options, options.soak) }
} else {
  const results = await measure(options)
  console.log(reportText(results))
  if (options.profile !== undefined) await saveProfiles(options.profile, results.climbs)
  figures = reportData(results)
}
if (options.json !== undefined) {
  await writeFile(options.json, JSON.stringify({ machine: machine(), options, ...figures }, undefined, 2))
}
