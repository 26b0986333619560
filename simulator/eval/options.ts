import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BadUsage } from '../../src/commands/with-store.ts'

export const USAGE = `Plays the scenes of evals/ against the agent, as a caller would, and says what it did not do as it should.

  npm run eval                           all scenes, with the practice model: offline, and free
  npm run eval -- evals/booking.yaml     this one; a folder is all in it
  npm run eval -- tag:booking            all with this tag

  --runs N          plays each scene so often: one run of a real model proves nothing (1)
  --model MODEL     practice, or real, which is billed and needs OPENAI_API_KEY (practice)
  --max-usd N       begins no more scenes when so much has been spent
  --junit FILE      writes the results for a CI server
  --html FILE       writes a page with every scene, its sound, its words and its verdict, which can be sent
  --save FILE       writes the figures as JSON, to be compared with later
  --baseline FILE   compares with what --save has written: better, worse or not known
  --panel           measures turn-taking instead, in tau-voice's eight numbers, with the practice model
  --stimuli N       so many sounds of each kind for it (50)
  --from-call ID    writes a scene from a call that was kept, into the folder evals in DATA_DIR

Ends with 1 where a scene failed or could not be scored, with 2 where a scene or an option is wrong.`

/** The command line. */
export interface Order {
  /** Files and folders; empty: all scenes. */
  readonly files: readonly string[]
  readonly tags: readonly string[]
  readonly runs: number
  readonly isReal: boolean
  readonly maxUsd: number | undefined
  readonly junit: string | undefined
  readonly html: string | undefined
  readonly save: string | undefined
  readonly baseline: string | undefined
  readonly fromCall: string | undefined
  /** How many stimuli of each kind for the turn-taking panel; undefined: scenes are played. */
  readonly panel: number | undefined
  readonly help: boolean
}

const OPTIONS = {
  runs: { type: 'string', default: '1' },
  model: { type: 'string', default: 'practice' },
  'max-usd': { type: 'string' },
  junit: { type: 'string' },
  html: { type: 'string' },
  save: { type: 'string' },
  baseline: { type: 'string' },
  'from-call': { type: 'string' },
  panel: { type: 'boolean', default: false },
  stimuli: { type: 'string', default: '50' },
  help: { type: 'boolean', short: 'h', default: false }
} as const

/** @throws BadUsage when the command line is wrong */
export function readOrder(args: string[]): Order {
  const { values, positionals } = parse(args)
  const isTag = (name: string) => name.startsWith('tag:')
  if (values.model !== 'practice' && values.model !== 'real') {
    throw new BadUsage(`Expected practice or real after --model, got "${values.model}".`)
  }
  if (values.panel && values.model === 'real') throw new BadUsage('--panel is for the practice model alone.')
  const stimuli = numberAfter('--stimuli', values.stimuli, (value) => Number.isInteger(value) && value >= 1)
  return {
    panel: values.panel ? stimuli : undefined,
    files: positionals.filter((name) => !isTag(name)),
    tags: positionals.filter(isTag).map((name) => name.slice('tag:'.length)),
    runs: numberAfter('--runs', values.runs, (value) => Number.isInteger(value) && value >= 1 && value <= 100),
    isReal: values.model === 'real',
    maxUsd: values['max-usd'] === undefined ? undefined : numberAfter('--max-usd', values['max-usd'], (usd) => usd > 0),
    ...{ junit: values.junit, html: values.html, save: values.save, baseline: values.baseline },
    ...{ fromCall: values['from-call'], help: values.help }
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const [what] = (error as Error).message.split(/\. |\n/)
    throw new BadUsage(`${what?.replace(/\.$/, '')}. See npm run eval -- --help.`)
  }
}

const RANGES = {
  '--runs': 'a whole number from 1 to 100',
  '--stimuli': 'a whole number above 0',
  '--max-usd': 'US dollars above 0'
}

function numberAfter(option: keyof typeof RANGES, value: string, isGood: (value: number) => boolean): number {
  if (value.trim() !== '' && isGood(Number(value))) return Number(value)
  const range = RANGES[option]
  throw new BadUsage(`Expected ${range} after ${option}, got "${value}".`)
}

/** The files of scenes under these paths; under `evals` where there are none. */
export function sceneFiles(paths: readonly string[], evals: string): string[] {
  const all = paths.length > 0 ? paths : [evals]
  return all.flatMap((path) => {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
    return isFolder
      ? globSync('**/*.{yaml,yml}', { cwd: path })
          .sort()
          .map((file) => join(path, file))
      : [path]
  })
}
