import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { print } from '../src/commands/print.ts'
import { environment } from '../src/config.ts'

/** An editor saves a file in several steps. */
const SAVING_MS = 100
const SERVER = join(import.meta.dirname, '../src/server.ts')
/** The reader of this log has written the tools. */
const env = { LOG_TOOL_ERRORS: 'true', ...environment }

let server = start()
let isRestarting = false
let saved: NodeJS.Timeout | undefined

/** The server, again whenever a file that it imports changes. */
function start(): ChildProcess {
  const started = spawn(process.execPath, ['--watch', SERVER], { stdio: 'inherit', env })
  started.once('exit', (code) => {
    if (!isRestarting) process.exit(code ?? 1)
  })
  return started
}

/** The old server has the port until its calls are over. */
async function restart(): Promise<void> {
  if (isRestarting) return
  isRestarting = true
  print('.env has changed: the server starts again, once its calls are over.')
  server.kill()
  await once(server, 'exit')
  isRestarting = false
  server = start()
}

// node --watch looks at the files that the server imports, and .env may not be there yet.
watch('.', (_, file) => {
  if (file !== '.env') return
  clearTimeout(saved)
  saved = setTimeout(restart, SAVING_MS)
})
// Ctrl-C reaches the server too: it ends by itself, and this process with it.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal))
