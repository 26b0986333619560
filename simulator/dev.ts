import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, copyFileSync, existsSync, watch } from 'node:fs'
import { join } from 'node:path'
import { print } from '../src/commands/print.ts'
import { environment } from '../src/config.ts'
import { Mistake } from './call/mistake.ts'
import { openTunnel, type Tunnel } from './dev-tunnel.ts'

/** An editor saves a file in several steps. */
const SAVING_MS = 100
const SERVER = join(import.meta.dirname, '../src/server.ts')
const EXAMPLE = join(import.meta.dirname, '../.env.example')

if (!existsSync('.env')) {
  copyFileSync(EXAMPLE, '.env', constants.COPYFILE_EXCL)
  print('.env was made from .env.example: put your keys into it.')
}
const tunnel = process.argv.includes('--tunnel') ? await tunnelOrExit() : undefined
const env = {
  // The reader of this log has written the tools.
  LOG_TOOL_ERRORS: 'true',
  ...environment,
  ...(tunnel && { PUBLIC_URL: tunnel.url })
}

let server = start()
let isRestarting = false
let saved: NodeJS.Timeout | undefined

async function tunnelOrExit(): Promise<Tunnel> {
  try {
    return await openTunnel()
  } catch (error) {
    if (!(error instanceof Mistake || (error as Error).name === 'InvalidEnvironment')) throw error
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(1)
  }
}

/** The server, again whenever a file that it imports changes. */
function start(): ChildProcess {
  const started = spawn(process.execPath, ['--watch', SERVER], { stdio: 'inherit', env })
  started.once('exit', (code) => {
    if (!isRestarting) void end(code ?? 1)
  })
  return started
}

/** The number leads nowhere once the tunnel is closed, so it is put back first. */
async function end(code: number): Promise<void> {
  await tunnel?.close()
  process.exit(code)
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

// node --watch looks at the files that the server imports, and .env is not one.
watch('.', (_, file) => {
  if (file !== '.env') return
  clearTimeout(saved)
  saved = setTimeout(restart, SAVING_MS)
})
// Ctrl-C reaches the server too: it ends by itself, and this process with it.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal))
