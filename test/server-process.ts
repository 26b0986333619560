import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { Inbox } from '../simulator/inbox.ts'
import { PracticeModel } from '../simulator/model/practice-model.ts'
import { PhoneCall, type RingOptions } from '../simulator/telephone/telephone.ts'
import type { LogLine } from './house.ts'

export const SERVER = new URL('../src/server.ts', import.meta.url).pathname
const PIZZERIA = new URL('./agents/pizzeria/instead.ts', import.meta.url).href
/** A process has to start, on a machine that may be busy. */
const LIMIT_MS = 12_000

const { NODE_COMPILE_CACHE = '' } = process.env
/** A server that a test starts loads compiled code, as the tests do (vitest.config.ts). */
export const COMPILED = { NODE_COMPILE_CACHE }

/** What Twilio signs with, in the tests of whole processes. */
export const authToken = 'the-token-of-the-account'

/**
 * The server as the container runs it, with the pizzeria as its agent, until the test finishes.
 * @param dotenv the .env of its directory, if it has one
 * @param script what to run instead of the server's own
 */
export async function runServer(env: Record<string, string>, dotenv?: string, script = SERVER) {
  const cwd = await mkdtemp(join(tmpdir(), 'server-'))
  if (dotenv) await writeFile(join(cwd, '.env'), dotenv)
  const child = spawn(process.execPath, ['--import', PIZZERIA, script], {
    ...{ cwd, env: { ...COMPILED, ...env } },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const log = new Inbox<LogLine>('log', (line) => `${line.level} ${line.msg}`)
  let complaints = ''
  createInterface(child.stdout).on('line', (line) => log.push(JSON.parse(line)))
  child.stderr.on('data', (data) => {
    complaints += data
  })
  const exit = once(child, 'close').then(([code]) => ({ code: code as number | null, complaints }))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await exit
    await rm(cwd, { recursive: true })
  })
  return {
    child,
    cwd,
    log,
    exit,
    /** Where the server listens, once it does. */
    async url(): Promise<string> {
      const { msg } = await log.next((line) => line.msg.startsWith('Server listening at'), LIMIT_MS)
      return msg.slice('Server listening at '.length)
    }
  }
}

/** A server process with a practice model behind it, on a free port. */
export async function startServer(env: Record<string, string> = {}, script?: string) {
  const model = await PracticeModel.listen({ vad: false, pace: Number.POSITIVE_INFINITY, brain: () => [{ tone: 100 }] })
  onTestFinished(() => model.close())
  const settings = {
    ...{ OPENAI_API_KEY: 'sk-practice', OPENAI_REALTIME_URL: model.url, GREETING: '', ANSWER_SAY: '' },
    ...{ PORT: '0', HOST: '127.0.0.1', TWILIO_AUTH_TOKEN: authToken }
  }
  const server = await runServer({ ...settings, ...env }, undefined, script)
  const url = await server.url()
  return {
    ...server,
    model,
    url,
    async ring(options: Partial<RingOptions> = {}) {
      const phone = await PhoneCall.ring({ url, authToken, ...options })
      onTestFinished(() => phone.hangUp())
      return phone
    },
    /** A caller who is in conversation with the agent. */
    async connect(options: Partial<RingOptions> = {}) {
      const phone = await this.ring(options)
      const session = await model.nextSession()
      await session.receives('session.update', (update) => update.session.audio !== undefined)
      await phone.streaming
      void session.say({ ms: 100 })
      await phone.frames.next(({ event }) => event === 'media')
      return { phone, session }
    },
    async drain(signal: NodeJS.Signals) {
      server.child.kill(signal)
      await server.log.next((line) => line.msg === 'draining')
    }
  }
}
