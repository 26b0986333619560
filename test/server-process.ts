import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { Inbox } from '../simulator/inbox.ts'
import type { LogLine } from './house.ts'

const SERVER = new URL('../src/server.ts', import.meta.url).pathname
/** A process has to start, on a machine that may be busy. */
const LIMIT_MS = 12_000

/** The server as the container runs it, in a directory without a .env, until the test finishes. */
export async function runServer(env: Record<string, string>) {
  const cwd = await mkdtemp(join(tmpdir(), 'server-'))
  const child = spawn(process.execPath, [SERVER], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
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
