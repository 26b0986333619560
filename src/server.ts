import type { AddressInfo } from 'node:net'
import dotenv from 'dotenv'
import { buildApp } from './app.ts'
import { environment, InvalidEnvironment, loadConfig } from './config.ts'
import { localFile, localTokens, writeLocal } from './local.ts'
import { stopGracefully } from './stop.ts'

/** The settings and, where no auth token is set, this machine's own; or the end: nobody can be served with half of them. */
async function settingsOrExit() {
  dotenv.config({ quiet: true })
  try {
    const config = loadConfig(environment)
    const { port, dataDir } = config.server
    const local = config.twilio.authToken === undefined ? await localTokens(dataDir, port) : undefined
    return { config, local }
  } catch (error) {
    if (!(error instanceof InvalidEnvironment)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

const { config, local } = await settingsOrExit()
const { host, dataDir, publicUrl, drainTimeoutMs } = config.server
const app = await buildApp(config, local ? { authToken: local.twilioAuthToken } : {})

stopGracefully(app, drainTimeoutMs)
const url = await app.listen({ port: config.server.port, host })
// With PORT=0 it is known only now; a URL leaves out port 80.
const { port } = app.server.address() as AddressInfo
if (local) await writeLocal(dataDir, port, { pid: process.pid, url, ...local })

app.log.info({ url: `${publicUrl ?? url}/incoming-call` }, 'the webhook of your number')
if (local) app.log.info({ keptIn: localFile(dataDir, port) }, 'signatures are checked with a token of this machine')
else app.log.info('signatures are checked with TWILIO_AUTH_TOKEN')
app.log.info({ model: config.openai.model }, 'the model')
