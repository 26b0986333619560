import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { localFile, localTokens, readLocal } from '../src/local.ts'
import { runServer } from './server-process.ts'
import { newDatabase } from './stores.ts'

const KEY = { OPENAI_API_KEY: 'sk-practice', HOST: '127.0.0.1', PORT: '0' }
const BOTH = ['twilioAuthToken', 'consoleToken'] as const
const LAST_LINE = 'the model'
const TOKEN = expect.stringMatching(/^[\w-]{43}$/)
/** Processes have to start, on a machine that may be busy. */
const LIMIT = { timeout: 40_000 }

/** A server that has said all that it says when it starts. */
async function started(env: Record<string, string> = {}) {
  const server = await runServer({ ...KEY, ...env })
  const url = await server.url()
  await server.log.next(({ msg }) => msg === LAST_LINE, 12_000)
  const dataDir = env['DATA_DIR'] ?? join(server.cwd, 'data')
  return { ...server, url, port: Number(new URL(url).port), dataDir }
}

describe('a server without TWILIO_AUTH_TOKEN', () => {
  test('leaves its tokens to the tools of this machine, for their owner alone, and says where', async () => {
    const { child, dataDir, port, url, log } = await started({ OPENAI_MODEL: 'gpt-realtime-mini' })
    const file = localFile(dataDir, port)
    expect(file).toBe(join(dataDir, 'local', `${port}.json`))
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(dirname(file))).mode & 0o777).toBe(0o700)
    const content = JSON.parse(await readFile(file, 'utf8'))
    expect(content).toEqual({ pid: child.pid, url, twilioAuthToken: TOKEN, consoleToken: TOKEN })
    expect(content.twilioAuthToken).not.toBe(content.consoleToken)
    expect(log.all.slice(-4)).toMatchObject([
      { level: 30, url: `${url}/incoming-call` },
      { level: 30, msg: expect.stringContaining('a token of this machine'), keptIn: file },
      // The link that lets somebody in is for a terminal.
      { level: 30, msg: 'the console', url: `http://localhost:${port}/console` },
      { level: 30, model: 'gpt-realtime-mini' }
    ])
    expect(JSON.stringify(log.all)).not.toContain(content.twilioAuthToken)
    expect(JSON.stringify(log.all)).not.toContain(content.consoleToken)
  })

  test('keeps them over a restart, and a server of another port beside it has its own', LIMIT, async () => {
    const first = await started()
    const DATA_DIR = first.dataDir
    const before = await readLocal(DATA_DIR, first.port)
    first.child.kill('SIGTERM')
    await first.exit
    const [again, other] = await Promise.all([started({ DATA_DIR, PORT: `${first.port}` }), started({ DATA_DIR })])
    const after = await readLocal(DATA_DIR, again.port)
    expect(after).toEqual({ ...before, pid: again.child.pid })
    const others = await readLocal(DATA_DIR, other.port)
    expect(others?.pid).toBe(other.child.pid)
    expect(others?.twilioAuthToken).not.toBe(after?.twilioAuthToken)
  })

  test.each(['', '{', '{"twilioAuthToken":"","consoleToken":"","pid":1,"url":"http://127.0.0.1:5050"}'])(
    'makes new ones where the file is %s',
    async (content) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'data-'))
      onTestFinished(() => rm(dataDir, { recursive: true }))
      await localTokens(dataDir, 5050, BOTH)
      await writeFile(localFile(dataDir, 5050), content)
      expect(await localTokens(dataDir, 5050, BOTH)).toEqual({ twilioAuthToken: TOKEN, consoleToken: TOKEN })
    }
  )

  test('does not start where they cannot be kept, and names the setting', async () => {
    const { exit, log } = await runServer({ ...KEY, DATA_DIR: '/dev/null/data' })
    const { code, complaints } = await exit
    expect(code).toBe(1)
    expect(complaints).toMatch(/^DATA_DIR: cannot be written, .*TWILIO_AUTH_TOKEN.*\/dev\/null\/data\/local.*\n$/)
    expect(log.all).toEqual([])
  })
})

describe('a server with TWILIO_AUTH_TOKEN and CONSOLE_TOKEN', () => {
  const set = {
    TWILIO_AUTH_TOKEN: 'the-token-of-the-account',
    CONSOLE_TOKEN: 'the-token-of-the-console',
    PUBLIC_URL: 'https://agent.example.com'
  }

  test('and with DATABASE_URL needs no disk, and says that signatures are checked with it', async () => {
    const { log } = await started({ ...set, DATABASE_URL: await newDatabase(), DATA_DIR: '/dev/null/data' })
    expect(log.all.slice(-4)).toMatchObject([
      { level: 30, url: 'https://agent.example.com/incoming-call' },
      { level: 30, msg: expect.stringContaining('TWILIO_AUTH_TOKEN') },
      { level: 30, msg: 'the console', url: 'https://agent.example.com/console' },
      { level: 30, model: 'gpt-realtime-2.1' }
    ])
    for (const token of [set.TWILIO_AUTH_TOKEN, set.CONSOLE_TOKEN]) expect(JSON.stringify(log.all)).not.toContain(token)
  })

  test('leaves a token for the one that is not set, and not the other', async () => {
    const { dataDir, port, child, url } = await started({ TWILIO_AUTH_TOKEN: set.TWILIO_AUTH_TOKEN })
    expect(await readLocal(dataDir, port)).toEqual({ pid: child.pid, url, consoleToken: TOKEN })
  })

  test('writes them nowhere', async () => {
    const { dataDir, port } = await started(set)
    expect(await readLocal(dataDir, port)).toBeUndefined()
    await expect(stat(join(dataDir, 'local'))).rejects.toThrow('ENOENT')
  })
})
