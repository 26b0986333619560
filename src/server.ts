import type { AddressInfo } from 'node:net'
import { buildApp } from './app.ts'
import { environment, InvalidEnvironment, loadConfig } from './config.ts'
import { loadDotenv } from './dotenv.ts'
import { localFile, localTokens, writeLocal } from './local.ts'
import { stopGracefully } from './stop.ts'
import { openStore } from './store/open.ts'

/** The settings, the store and, where no auth token is set, this machine's own; or the end: nobody can be served with half. */
async function settingsOrExit() {
  loadDotenv()
  try {
    const config = loadConfig(environment)
    const { port, dataDir } = config.server
    const local = config.twilio.authToken === undefined ? await localTokens(dataDir, port) : undefined
    return { config, local, store: await openStore({ databaseUrl: config.server.databaseUrl, dataDir }) }
  } catch (error) {
    if (!(error instanceof InvalidEnvironment)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}

/** A setting can put right what is wrong here: one line says which, instead of a stack. */
async function listenOrExit(): Promise<string> {
  const { port, host } = config.server
  try {
    return await app.listen({ port, host })
  } catch (error) {
    const unknownHost = `HOST: ${host} is no name that is known here; 0.0.0.0 is all addresses of this machine`
    const lines: Record<string, string> = {
      EADDRINUSE: `PORT: ${port} is taken by another program; stop that one, or set PORT to another`,
      EACCES: `PORT: ${port} needs more rights than this user has; set PORT to one from 1024 up`,
      EADDRNOTAVAIL: `HOST: ${host} is no address of this machine; 0.0.0.0 is all of them`,
      ENOTFOUND: unknownHost,
      EAI_AGAIN: unknownHost
    }
    const line = lines[(error as NodeJS.ErrnoException).code ?? '']
    if (line === undefined) throw error
    process.stderr.write(`${line} (see .env.example)\n`)
    process.exit(1)
  }
}

const { config, local, store } = await settingsOrExit()
const { dataDir, publicUrl, drainTimeoutMs } = config.server
const app = await buildApp(config, { store, ...(local ? { authToken: local.twilioAuthToken } : {}) })

stopGracefully(app, drainTimeoutMs)
const url = await listenOrExit()
// With PORT=0 it is known only now; a URL leaves out port 80.
const { port } = app.server.address() as AddressInfo
if (local) await writeLocal(dataDir, port, { pid: process.pid, url, ...local })

app.log.info({ url: `${publicUrl ?? url}/incoming-call` }, 'the webhook of your number')
if (local) app.log.info({ keptIn: localFile(dataDir, port) }, 'signatures are checked with a token of this machine')
else app.log.info('signatures are checked with TWILIO_AUTH_TOKEN')
app.log.info({ model: config.openai.model }, 'the model')
