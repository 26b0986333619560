import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import pinoPretty from 'pino-pretty'
import { Mistake } from './mistake.ts'

/** Less than a second, but on a machine that is busy with something else. */
const READY_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 20_000
const POLL_MS = 50
/** How many of its last lines are shown where none of them says that something is wrong. */
const END_OF_LOG = 40

interface ServerOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number
  /**
   * For a process that is nothing but this server's keeper: the log goes where it writes, and Ctrl-C reaches the keeper
   * alone, whose own signal would else be the server's second. It must handle signals before it starts the server.
   */
  readonly isKept?: boolean
  /** Told of every line of the log, while it is not kept. */
  readonly onLog?: (entry: LogEntry) => void
}

/** A line of the server's log. */
export interface LogEntry {
  /** pino's number. */
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** pino's number for `warn`. */
const WARN = 40

/** The server in a process of its own, as a user starts it, on this machine alone. */
export class ServerProcess {
  readonly url: string
  /** Resolves when the process is gone, to how it ended. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  /** Lines of the log and what else it wrote, in order. */
  readonly #output: string[] = []
  /** The lines from `warn` up. */
  readonly complaints: LogEntry[] = []

  private constructor(port: number, env: NodeJS.ProcessEnv, { isKept = false, onLog }: ServerOptions) {
    this.url = `http://127.0.0.1:${port}`
    const script = join(import.meta.dirname, '../../src/server.ts')
    this.#child = spawn(process.execPath, [script], {
      // The reader of this log has written the tools.
      env: { LOG_TOOL_ERRORS: 'true', ...env, PORT: `${port}`, HOST: '127.0.0.1', PUBLIC_URL: '' },
      // On Windows this would open a window.
      detached: isKept && process.platform !== 'win32',
      stdio: isKept ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe']
    })
    for (const input of [this.#child.stdout, this.#child.stderr]) {
      if (input) createInterface({ input }).on('line', (line) => this.#read(line, onLog))
    }
    this.ended = once(this.#child, 'close').then(([code, signal]) => (signal ? `by ${signal}` : `with code ${code}`))
    // However this process ends, the server must not go on.
    process.once('exit', () => this.#child.kill('SIGKILL'))
  }

  /** Resolves when the server takes calls. Throws Mistake when it does not. */
  static async start(env: NodeJS.ProcessEnv, options: ServerOptions = {}): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(options.port ?? 0), env, options)
    const failure = await server.#untilReady()
    if (!failure) return server
    await server.stop()
    throw failure
  }

  /** The log so far, as in a terminal: all of it, or what matters where something went wrong. */
  log(which: 'all' | 'what matters'): string {
    const pretty = pinoPretty.prettyFactory({
      colorize: process.stdout.isTTY ?? false,
      ignore: 'pid,hostname,reqId',
      singleLine: true
    })
    const matters = this.#output.filter((line) => (entryIn(line)?.level ?? WARN) >= WARN)
    const lines = which === 'all' ? this.#output : matters.length > 0 ? matters : this.#output.slice(-END_OF_LOG)
    return lines.map((line) => pretty(line).trimEnd()).join('\n')
  }

  /** Resolves when the process is gone. @returns what went wrong at its end; undefined when nothing did */
  async stop(): Promise<string | undefined> {
    this.#child.kill('SIGTERM')
    const late = wait(STOP_LIMIT_MS, 'late' as const, { ref: false })
    const how = await Promise.race([this.ended, late])
    if (how === 'with code 0') return undefined
    if (how !== 'late') return `The server's process ended ${how}.`
    this.#child.kill('SIGKILL')
    await this.ended
    return `The server did not stop within ${STOP_LIMIT_MS / 1_000} s of being told to.`
  }

  async #untilReady(): Promise<Mistake | undefined> {
    const lateAt = performance.now() + READY_LIMIT_MS
    while (performance.now() < lateAt) {
      if (await isReady(this.url)) return undefined
      if (this.#hasEnded)
        return new Mistake(`The server ended ${await this.ended} before it was ready:\n${this.log('what matters')}`)
      await wait(POLL_MS)
    }
    return new Mistake(`The server was not ready after ${READY_LIMIT_MS / 1_000} s:\n${this.log('what matters')}`)
  }

  #read(line: string, onLog: ServerOptions['onLog']): void {
    if (line === '') return
    this.#output.push(line)
    const entry = entryIn(line)
    if (!entry) return
    if (entry.level >= WARN) this.complaints.push(entry)
    onLog?.(entry)
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }
}

/** Undefined for what is no line of the log, such as a crash of the process. */
function entryIn(line: string): LogEntry | undefined {
  try {
    return JSON.parse(line) as LogEntry
  } catch {
    return undefined
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(1_000) })
    return ok
  } catch {
    return false
  }
}

/** @param wanted 0 for any. Throws Mistake when it is taken: whoever has it would be mistaken for the server. */
async function freePort(wanted: number): Promise<number> {
  const probe = createServer().listen(wanted, '127.0.0.1')
  try {
    await once(probe, 'listening')
  } catch {
    throw new Mistake(`PORT: ${wanted} is taken by another program; stop that one, or set PORT to another.`)
  }
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
