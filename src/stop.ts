import type { FastifyInstance } from 'fastify'
import { ownerLog } from './call/owner.ts'
import { LONGEST_MS } from './config.ts'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const
/** After the time for live calls: for the last goodbyes to be heard, and for records and sockets to be closed. */
const CLOSE_MS = 20_000
/** After a second signal: for the words that are owed (2 s at most) and the records of the calls that were cut. */
const CUT_MS = 5_000

/**
 * How the process ends. The first signal drains, and so does an error that nobody caught: the calls that go on are not to
 * blame for it, and whoever runs the container starts a new one. A second signal cuts the calls that are left, and waits
 * for their records. A second error is written down and cuts nothing short. A rejected promise that nobody awaits leaves
 * no code half done, so it is written down, with its call where that is known, and ends nothing.
 */
export function stopGracefully(app: FastifyInstance, drainTimeoutMs: number): void {
  const { calls, log } = app
  let isStopping = false
  let signals = 0
  let exitCode = 0
  let unhandledRejections = 0

  function stop(signal?: NodeJS.Signals): void {
    if (isStopping) return
    isStopping = true
    drain(signal).catch((err) => exit(1, err))
  }

  async function drain(signal: NodeJS.Signals | undefined): Promise<void> {
    exitAfter(drainTimeoutMs + CLOSE_MS)
    log.info({ signal, calls: calls.live }, 'draining')
    await calls.drain(drainTimeoutMs)
    await app.close()
    exit(exitCode)
  }

  /** `drain`, which waits for these calls, goes on to the end of the process. */
  function cut(signal: NodeJS.Signals): void {
    exitCode = 1
    exitAfter(CUT_MS)
    log.warn({ signal, calls: calls.live }, 'a second signal cuts the calls that are left')
    calls.close().catch((err) => exit(1, err))
  }

  function exitAfter(ms: number): void {
    setTimeout(() => exit(1, new Error('the time to stop is up')), Math.min(ms, LONGEST_MS))
  }

  function exit(code: number, err?: unknown): void {
    if (err) log.fatal({ err, calls: calls.live }, 'the server could not stop in good order')
    process.exit(code)
  }

  for (const signal of SIGNALS) {
    process.on(signal, () => {
      signals += 1
      if (signals === 1) stop(signal)
      else cut(signal)
    })
  }
  process.on('unhandledRejection', (err) => {
    unhandledRejections += 1
    ;(ownerLog() ?? log).error({ err, unhandledRejections }, 'a rejected promise that nobody awaited')
  })
  process.on('uncaughtException', (err) => {
    exitCode = 1
    log.fatal({ err }, 'an error that nobody caught')
    stop()
  })
}
