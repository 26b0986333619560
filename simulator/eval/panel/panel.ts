import { monitorEventLoopDelay } from 'node:perf_hooks'
import { print, seconds } from '../../../src/commands/print.ts'
import { carry } from '../carry.ts'
import { type Outcome, outcomesOf } from './measure.ts'
import { type CallOfStimuli, playPanelCall, rehearse } from './panel-call.ts'
import { type Stimulus, stimuli } from './stimuli.ts'
import { type Column, missedOf, tableOf } from './table.ts'

/** Without, and with, a length below which the caller's sounds are no interruption. */
const SETTINGS_MS = [0, 400]
/** So many stimuli in one call: some two minutes. */
const IN_A_CALL = 20

interface Job extends CallOfStimuli {
  readonly minInterruptionMs: number
}

/** Plays the turn-taking panel and prints its table. @returns whether all targets were reached */
export async function panel(count: number): Promise<boolean> {
  const startedAt = performance.now()
  const columns = await measured(await stimuli(count))
  const missed = missedOf(columns)
  print(`\n${tableOf(columns)}\n`)
  for (const line of missed) print(`Not reached: ${line}.`)
  print(`Played in ${seconds(performance.now() - startedAt)}.`)
  return missed.length === 0
}

/** Plays all stimuli once with each setting. */
export async function measured(all: readonly Stimulus[], settingsMs = SETTINGS_MS): Promise<Column[]> {
  const found = new Map(settingsMs.map((ms) => [ms, [] as Outcome[]]))
  const jobs = settingsMs.flatMap((ms) => jobsOf(all, ms))
  const lateness = monitorEventLoopDelay({ resolution: 10 })
  lateness.enable()
  const errors: unknown[] = []
  await rehearse()
  await carry(jobs, async (job) => {
    try {
      found.get(job.minInterruptionMs)?.push(...outcomesOf(await playPanelCall(job)))
    } catch (error) {
      errors.push(error)
      jobs.length = 0
    }
  })
  lateness.disable()
  if (errors.length > 0) throw new AggregateError(errors, 'calls of the panel went wrong')
  print(`This process was late by ${(lateness.percentile(95) / 1e6 - 10).toFixed(0)} ms (p95 of its event loop).`)
  return [...found].map(([minInterruptionMs, outcomes]) => ({ minInterruptionMs, outcomes }))
}

/** The calls: those in which the agent speaks for long, and those in which it is mostly silent. */
function jobsOf(all: readonly Stimulus[], minInterruptionMs: number): Job[] {
  const question = all.find(({ kind }) => kind === 'turn')
  if (!question) throw new TypeError('expected a turn among the stimuli: the agent has to be asked something')
  const settings = { MIN_INTERRUPTION_MS: `${minInterruptionMs}` }
  return [true, false].flatMap((isOver) => {
    const mixed = interleaved(all.filter((stimulus) => stimulus.isOver === isOver))
    const calls = Math.ceil(mixed.length / IN_A_CALL)
    return Array.from({ length: calls }, (_, at) => {
      const part = mixed.slice(at * IN_A_CALL, (at + 1) * IN_A_CALL)
      return { stimuli: part, question, settings, minInterruptionMs }
    })
  })
}

/** One of each kind after the other. */
function interleaved(all: readonly Stimulus[]): Stimulus[] {
  const kinds = Object.values(Object.groupBy(all, ({ kind }) => kind))
  const longest = Math.max(0, ...kinds.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at) => kinds.flatMap((kind) => kind[at] ?? [])).flat()
}
