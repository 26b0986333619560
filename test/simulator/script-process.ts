import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { Inbox } from '../../simulator/inbox.ts'
import { environment } from '../../src/config.ts'

/** One of the simulator's scripts in a process of its own, whatever the machine's own .env says. @param env `undefined`: not set at all */
export function startScript(
  script: string,
  args: string[] = [],
  env: Record<string, string | undefined> = {},
  cwd: string | undefined = undefined
) {
  const settings = { OPENAI_API_KEY: '', TWILIO_AUTH_TOKEN: '', PUBLIC_URL: '', GREETING: 'Say "Hello."', ...env }
  // A process group of its own, as in a terminal.
  const child = spawn(process.execPath, [resolve(script), ...args], {
    env: { ...environment, ...settings },
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
