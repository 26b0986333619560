import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { Inbox } from '../../simulator/inbox.ts'
import { environment } from '../../src/config.ts'

/** The settings of a script that a test runs, whatever the machine's own .env says. Its agent is the pizzeria's. */
export const scriptSettings = {
  ...environment,
  OPENAI_API_KEY: '',
  TWILIO_AUTH_TOKEN: '',
  PUBLIC_URL: '',
  GREETING: 'Say "Hello."',
  NODE_OPTIONS: `--import ${new URL('../agents/pizzeria/instead.ts', import.meta.url)}`
}

/** Where a script runs: what it leaves there, such as `data` and `call.wav`, is gone when the test has finished. */
export function scriptFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'script-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }))
  return folder
}

/** One of the simulator's scripts in a process of its own. @param env `undefined`: not set at all */
export function startScript(
  script: string,
  args: string[] = [],
  env: Record<string, string | undefined> = {},
  cwd = scriptFolder()
) {
  // A process group of its own, as in a terminal.
  const child = spawn(process.execPath, [resolve(script), ...args], {
    env: { ...scriptSettings, ...env },
    cwd,
    detached: true
  })
  /** Lines it wrote, to stdout and stderr. */
  const lines = new Inbox<string>(script, (line) => line)
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      for (const line of parts) lines.push(line)
    })
  }
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(() => void child.kill('SIGKILL'))
  /** Ctrl-C: the signal reaches every process of the group. */
  const interrupt = () => process.kill(-(child.pid ?? 0), 'SIGINT')
  return { child, lines, ended, interrupt }
}

/** `npm run chat` with lines from a pipe, which then ends as Ctrl-D does. */
export async function chat(
  lines: string[],
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {}
) {
  const script = startScript('simulator/chat.ts', args, env)
  script.child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  const code = await script.ended
  return { code, out: script.lines.all.filter((line) => line !== '') }
}
