import closeWithGrace from 'close-with-grace'
import dotenv from 'dotenv'
import { buildApp } from './app.ts'
import { type Config, environment, InvalidEnvironment, loadConfig } from './config.ts'

/** After the time for live calls: for the last goodbyes to be heard, and for records and sockets to be closed. */
const CLOSE_MS = 20_000

/** The settings, or the end: nobody can be served with half of them. */
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

// The first signal drains, a second one ends at once. An error that nobody caught drains too: the calls that go on are
// not to blame for it, and whoever runs the container starts a new one.
closeWithGrace({ delay: config.server.drainTimeoutMs + CLOSE_MS, logger: app.log }, async ({ signal, err }) => {
  if (err) app.log.fatal({ err }, 'an error that nobody caught')
  app.log.info({ signal, calls: app.calls.live }, 'draining')
  await app.calls.drain(config.server.drainTimeoutMs)
  await app.close()
})

await app.listen({ port: config.server.port, host: config.server.host })
