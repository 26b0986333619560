import { parseArgs } from 'node:util'
import { Mistake } from './mistake.ts'
import { type Scene, type Step, scenes } from './scenes.ts'

/** The options of the command line. */
export interface Order {
  readonly scene: Scene
  /** A server that is running already; undefined starts one. */
  readonly url: string | undefined
  /** The practice model plays the agent, although there is a key. */
  readonly practice: boolean
  /** What a server that is running already checks signatures with. */
  readonly authToken: string | undefined
  readonly record: string
  readonly log: boolean
  readonly help: boolean
}

const OPTIONS = {
  say: { type: 'string', multiple: true },
  wav: { type: 'string', multiple: true },
  press: { type: 'string', multiple: true },
  'barge-in': { type: 'boolean', multiple: true },
  scene: { type: 'string' },
  url: { type: 'string' },
  practice: { type: 'boolean', default: false },
  'auth-token': { type: 'string' },
  record: { type: 'string', default: 'call.wav' },
  log: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false }
} as const

/** The time from the agent's first sound to the caller's interruption. */
const BARGE_IN_MS = 1_000

type Token = ReturnType<typeof parse>['tokens'][number]

/** @throws Mistake when the command line is wrong */
export function readOrder(args: string[]): Order {
  const { values, tokens } = parse(args)
  if (values.practice && values.url !== undefined) {
    throw new Mistake('Expected either --practice or --url, got both: a server that is running has its model already.')
  }
  return {
    scene: sceneOf(stepsOf(tokens), values.scene),
    url: values.url === undefined ? undefined : originOf(values.url),
    practice: values.practice,
    authToken: values['auth-token'],
    record: values.record,
    log: values.log,
    help: values.help
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, tokens: true })
  } catch (error) {
    throw new Mistake(sentenceOf(error as Error & { code?: string }))
  }
}

function sentenceOf({ code, message }: Error & { code?: string }): string {
  const [what = message] = message.split(/\.\s|\n/)
  // npm takes flags for itself unless they come after a `--`, and then only their values arrive.
  const hint =
    code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL' ? 'write npm run call -- --say "…"' : 'see npm run call -- --help'
  return `${what}: ${hint}.`
}

/** The steps in the order in which they were written. */
function stepsOf(tokens: Token[]): Step[] {
  const steps: Step[] = []
  let bargeInMs: number | undefined
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (token.name === 'barge-in') bargeInMs = BARGE_IN_MS
    const step = stepOf(token.name, token.value ?? '', bargeInMs)
    if (!step) continue
    steps.push(step)
    if (!('press' in step)) bargeInMs = undefined
  }
  if (bargeInMs) throw new Mistake('Expected a --say or --wav after --barge-in: it says when that begins.')
  return steps
}

function stepOf(name: string, value: string, bargeInMs: number | undefined): Step | undefined {
  switch (name) {
    case 'say':
      if (!/\p{L}|\d/u.test(value)) throw new Mistake(`Expected something to say after --say, got "${value}".`)
      return { say: value, bargeInMs }
    case 'wav':
      return { wav: value, bargeInMs }
    case 'press':
      if (!/^[\d*#]+$/.test(value))
        throw new Mistake(`Expected keys from 0 to 9, * and # after --press, got "${value}".`)
      return { press: value }
    default:
      return undefined
  }
}

function sceneOf(steps: Step[], name: string | undefined): Scene {
  if (steps.length > 0 && name !== undefined)
    throw new Mistake('Expected either --scene or steps of your own, got both.')
  if (steps.length > 0) return { about: 'your own', steps }
  const scene = Object.hasOwn(scenes, name ?? 'default') ? scenes[name ?? 'default'] : undefined
  if (scene) return scene
  throw new Mistake(`There is no scene "${name}". There is: ${Object.keys(scenes).join(', ')}.`)
}

function originOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed && /^https?:$/.test(parsed.protocol)) return parsed.origin
  throw new Mistake(`Expected a URL like http://localhost:5050 after --url, got "${url}".`)
}
