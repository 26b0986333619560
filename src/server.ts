import closeWithGrace from 'close-with-grace'
import dotenv from 'dotenv'
import { buildApp } from './app.ts'
import { type Config, environment, InvalidEnvironment, loadConfig } from './config.ts'

/** The time after DRAIN_TIMEOUT_MS for the last goodbyes to be heard, and for records and sockets to be closed. */
const CLOSE_MS = 20_000

/** Reads the settings. Exits when one is wrong, because the server cannot run with part of them. */
function configOrExit(): Config {
  dotenv.config({ quiet: true })
  try {
    return loadConfig(environment)
  } catch (error) {
    if (!(error instanceof InvalidEnvironment)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

const config = configOrExit()
const app = await buildApp(config)

// The first signal drains, a second one ends the process at once. An uncaught error drains too: live calls go on, and
// the container's supervisor starts a new process.
closeWithGrace({ delay: config.server.drainTimeoutMs + CLOSE_MS, logger: app.log }, async ({ signal, err }) => {
  if (err) app.log.fatal({ err }, 'an error that nobody caught')
  app.log.info({ signal, calls: app.calls.live }, 'draining')
  await app.calls.drain(config.server.drainTimeoutMs)
  await app.close()
})

await app.listen({ port: config.server.port, host: config.server.host })
