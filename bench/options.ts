import { parseArgs } from 'node:util'
import { MIXES, type Mix } from './measure-load.ts'
import type { Pair } from './measure-pair.ts'
import { SERVERS, type ServerName } from './server-process.ts'
import { PAIRS } from './targets.ts'

/** One measurement that every server gets in turn, at a rising number of calls. */
export interface Trial {
  readonly mix: Mix
  readonly compression: boolean
  readonly calls: readonly number[]
}

export interface Options {
  readonly servers: readonly ServerName[]
  readonly trials: readonly Trial[]
  /** The pairs of servers that are measured at the same time. */
  readonly pairs: readonly Pair[]
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly rounds: number
  /** The number of calls of each kind whose greeting is timed. */
  readonly answers: number
  /** Long runs of tests instead; empty: none. */
  readonly longRuns: readonly LongRun[]
  /** Minutes of one long run instead; undefined: no long run. */
  readonly soak: number | undefined
  /** The time that a caller of the long run stays on the line. */
  readonly staySeconds: number
  readonly json: string | undefined
  /** The folder for CPU profiles; undefined: none are taken. */
  readonly profile: string | undefined
}

/** Tests of which `npm test` plays a small part. They play all of it, and print figures, where TRIAL is their name. */
export const LONG_RUNS = {
  servers: 'test/bench/bench.test.ts',
  memory: 'test/call/resilience/soak.test.ts',
  pauses: 'test/call/resilience/pause.test.ts',
  events: 'test/call/malformed-events.test.ts',
  faults: 'test/call/resilience/matrix.test.ts',
  kill: 'test/records/kill.test.ts',
  store: 'test/records/figures.test.ts',
  recording: 'test/records/scenes.test.ts',
  webhooks: 'test/webhooks/storm.test.ts'
} as const
export type LongRun = keyof typeof LONG_RUNS

/** The command line is wrong; the message says how, in one sentence. */
export class InvalidOptions extends Error {
  override name = 'InvalidOptions' as const
}

export const USAGE = `npm run bench -- [options]

  --quick               one round in about a minute
  --targets             what the targets are about, and whether they are met
  --calls 10,100        calls at a time, upwards (10,100,200,400)
  --seconds 8           length of one measurement
  --rounds 3            rounds; the table shows their medians
  --servers ours,limit  of ${SERVERS.join(', ')} (all)
  --compression on      whether the model offers it: on, off or both (both)
  --mix talking         what the agent does: idle, talking or both (both)
  --growth              what 400 calls cost each, beside 100, without compression
  --soak 10             minutes of 100 calls, to see what grows
  --stay 120            seconds that each caller of --soak stays on the line
  --trial pauses        a test's long run and its figures: ${Object.keys(LONG_RUNS).join(', ')}
  --profile DIR         writes a CPU profile of each server there and prints its hottest functions
  --json FILE           writes every figure of every round`

const FLAGS = {
  quick: { type: 'boolean' },
  targets: { type: 'boolean' },
  calls: { type: 'string' },
  seconds: { type: 'string' },
  rounds: { type: 'string' },
  servers: { type: 'string' },
  compression: { type: 'string' },
  mix: { type: 'string' },
  growth: { type: 'boolean' },
  soak: { type: 'string' },
  stay: { type: 'string' },
  trial: { type: 'string' },
  profile: { type: 'string' },
  json: { type: 'string' },
  help: { type: 'boolean' }
} as const

type Flags = ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values']

/** @returns undefined when help was asked for @throws InvalidOptions */
export function readOptions(args: readonly string[]): Options | undefined {
  const flags = parse(args)
  if (flags.help) return undefined
  const { quick, soak } = flags
  const preset = presetFor(flags)
  const mixes = flags.mix === undefined ? undefined : either(flags.mix, '--mix', MIXES)
  const compressions = flags.compression === undefined ? undefined : onOrOff(flags.compression)
  const calls = flags.calls === undefined ? undefined : ascending(flags.calls)
  return {
    servers: flags.servers === undefined ? preset.servers : list(flags.servers, '--servers', SERVERS),
    trials: changed(preset.trials, mixes, compressions, calls),
    pairs: preset.pairs,
    seconds: flags.seconds === undefined ? preset.seconds : positive(flags.seconds, '--seconds'),
    rounds: flags.rounds === undefined ? preset.rounds : whole(flags.rounds, '--rounds'),
    answers: preset.answers,
    warmUpSeconds: quick ? 2 : 8,
    longRuns: flags.trial === undefined ? [] : list(flags.trial, '--trial', Object.keys(LONG_RUNS) as LongRun[]),
    soak: soak === undefined ? undefined : positive(soak, '--soak'),
    staySeconds: flags.stay === undefined ? 120 : positive(flags.stay, '--stay'),
    json: flags.json,
    profile: flags.profile
  }
}

type Preset = Pick<Options, 'servers' | 'trials' | 'pairs' | 'seconds' | 'rounds' | 'answers'>

const FULL: Preset = {
  servers: SERVERS,
  trials: trialsOf(MIXES, [true, false], [10, 100, 200, 400]),
  pairs: [],
  seconds: 8,
  rounds: 3,
  answers: 20
}

function presetFor({ quick, targets, growth, soak, profile }: Flags): Preset {
  if ([quick, targets, growth, soak].filter(Boolean).length > 1) {
    throw new InvalidOptions('--quick, --targets, --growth and --soak exclude each other')
  }
  const plain = (...calls: number[]) => trialsOf(['talking'], [false], calls)
  if (quick) return { ...FULL, trials: trialsOf(['talking'], [true, false], [25]), seconds: 2, rounds: 1, answers: 5 }
  if (targets) {
    const idle = trialsOf(['idle'], [false], [150])
    // 150 calls get a process of their own: the collection before memory is read would make the next one come sooner.
    const talking = [...plain(100, 400), ...plain(150)]
    return { ...FULL, trials: [...trialsOf(MIXES, [true], [50]), ...idle, ...talking], pairs: PAIRS, seconds: 5 }
  }
  if (growth) return { ...FULL, trials: plain(100, 400), answers: 0 }
  if (soak !== undefined) return { ...FULL, servers: ['ours'], trials: plain(100), answers: 0 }
  if (profile !== undefined) return { ...FULL, servers: ['ours'], trials: plain(150), rounds: 1, answers: 0 }
  return FULL
}

function trialsOf(mixes: readonly Mix[], compressions: readonly boolean[], calls: readonly number[]): Trial[] {
  return compressions.flatMap((compression) => mixes.map((mix) => ({ mix, compression, calls })))
}

/** The preset's trials, changed by the given options. */
function changed(
  trials: readonly Trial[],
  mixes: readonly Mix[] | undefined,
  compressions: readonly boolean[] | undefined,
  calls: readonly number[] | undefined
): readonly Trial[] {
  if (!mixes && !compressions && !calls) return trials
  const all = <Value>(of: (trial: Trial) => Value) => [...new Set(trials.map(of))]
  return trialsOf(
    mixes ?? all(({ mix }) => mix),
    compressions ?? all(({ compression }) => compression),
    calls ?? [...new Set(trials.flatMap((trial) => trial.calls))].sort((a, b) => a - b)
  )
}

function parse(args: readonly string[]): Flags {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false }).values
  } catch (error) {
    const [sentence = ''] = (error as Error).message.split('. ')
    throw new InvalidOptions(sentence)
  }
}

function list<Name extends string>(text: string, flag: string, names: readonly Name[]): Name[] {
  const given = text.split(',')
  const unknown = given.find((name) => !names.some((known) => known === name))
  if (unknown !== undefined) throw new InvalidOptions(`${flag} knows ${names.join(', ')}, but not "${unknown}"`)
  return names.filter((name) => given.includes(name))
}

function either<Name extends string>(text: string, flag: string, names: readonly Name[]): readonly Name[] {
  if (text === 'both') return names
  const name = names.find((known) => known === text)
  if (name === undefined) throw new InvalidOptions(`${flag} takes ${names.join(', ')} or both, not "${text}"`)
  return [name]
}

function onOrOff(text: string): boolean[] {
  return either(text, '--compression', ['on', 'off'] as const).map((name) => name === 'on')
}

function ascending(text: string): number[] {
  const calls = text.split(',').map((part) => whole(part, '--calls'))
  return [...new Set(calls)].sort((a, b) => a - b)
}

function whole(text: string, flag: string): number {
  const value = positive(text, flag)
  if (!Number.isInteger(value)) throw new InvalidOptions(`${flag} takes whole numbers, not "${text}"`)
  return value
}

function positive(text: string, flag: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidOptions(`${flag} takes numbers above 0, not "${text}"`)
  }
  return value
}
