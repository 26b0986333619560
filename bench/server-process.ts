import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }
import { AUTH_TOKEN } from './load/telephone.ts'
import type { Profile } from './profile.ts'
import type { Memory, Question, Usage } from './servers/parent.ts'

export const SERVERS = ['ours', 'records', 'baseline', 'pass-through', 'limit'] as const
export type ServerName = (typeof SERVERS)[number]

/** One server under test, in a process of its own. */
export class ServerProcess {
  readonly url: string
  readonly #child: ChildProcess

  static async start(name: ServerName, modelUrl: string): Promise<ServerProcess> {
    const child = fork(join(import.meta.dirname, 'servers', `${name}.ts`), {
      execArgv: ['--expose-gc', ...(name === 'ours' || name === 'records' ? startFlags() : [])],
      env: { ...COMPILED, ...settings(modelUrl) },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc']
    })
    const { port } = (await answerOf(child, name)) as { port: number }
    return new ServerProcess(child, `http://127.0.0.1:${port}`)
  }

  private constructor(child: ChildProcess, url: string) {
    this.#child = child
    this.url = url
  }

  usage = () => this.#ask<Usage>('usage')
  memory = () => this.#ask<Memory>('memory')
  startProfile = () => this.#ask<object>('profile')

  async stopProfile(): Promise<Profile> {
    return (await this.#ask<{ profile: Profile }>('stop profile')).profile
  }

  async stop(): Promise<void> {
    const exited = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined
    this.#child.kill('SIGKILL')
    await exited
  }

  async #ask<Answer>(question: Question): Promise<Answer> {
    this.#child.send(question)
    return (await answerOf(this.#child, question)) as Answer
  }
}

/** The flags that `npm start` gives to Node. */
function startFlags(): string[] {
  const [, ...words] = manifest.scripts.start.split(' ')
  return words.filter((word) => word.startsWith('--'))
}

/** Among the tests, a server loads compiled code as they do. */
const { NODE_COMPILE_CACHE } = process.env
const COMPILED = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }

/** A temporary folder for the servers' records, which the bench does not read. */
const RECORDS = join(tmpdir(), `bench-${process.pid}`)
process.once('exit', () => rmSync(RECORDS, { recursive: true, force: true }))

/** Settings with lines for every caller, and without the question whether a silent caller is still there. */
function settings(modelUrl: string): Record<string, string> {
  return {
    OPENAI_API_KEY: 'sk-bench',
    OPENAI_REALTIME_URL: modelUrl,
    TWILIO_AUTH_TOKEN: AUTH_TOKEN,
    GREETING: 'Greet the caller.',
    MAX_CALLS: '100000',
    MAX_CALLS_PER_CALLER: '100000',
    MAX_CALL_MS: '86400000',
    SILENCE_TIMEOUT_MS: '86400000',
    LOG_LEVEL: 'silent',
    DATA_DIR: RECORDS
  }
}

async function answerOf(child: ChildProcess, what: string): Promise<unknown> {
  const gone = new AbortController()
  const exited = once(child, 'exit', { signal: gone.signal }).then(([code]) => {
    throw new Error(`the server ended (${code}) instead of answering: ${what}`)
  })
  try {
    const [answer] = await Promise.race([once(child, 'message', { signal: gone.signal }), exited])
    return answer
  } finally {
    gone.abort()
    exited.catch(() => {})
  }
}
