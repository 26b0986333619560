import type { AddressInfo } from 'node:net'
import { buildApp } from './app.ts'
import { environment, InvalidEnvironment, loadConfig } from './config.ts'
import { readPractice } from './console/practice.ts'
import { loadDotenv } from './dotenv.ts'
import { localFile, localTokens, writeLocal } from './local.ts'
import { consoleLink } from './plugins/console-key.ts'
import { stopGracefully } from './stop.ts'
import { openStore } from './store/open.ts'

/** The settings, the store and, where no auth token is set, this machine's own; or the end: nobody can be served with half. */
async function settingsOrExit() {
  loadDotenv()
  try {
    const config = loadConfig(environment)
    const { port, dataDir } = config.server
    const missing = [
      ...(config.twilio.authToken === undefined ? (['twilioAuthToken'] as const) : []),
      ...(config.console.token === undefined ? (['consoleToken'] as const) : [])
    ]
    const local = await localTokens(dataDir, port, missing)
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

/** A link that lets in whoever follows it first is for the person at the terminal, and stands in no file. */
function consoleUrl(port: number): string {
  const { host } = config.server
  const near = ['0.0.0.0', '::', '127.0.0.1', '::1'].includes(host) ? 'localhost' : host
  const origin = publicUrl ?? `http://${near}:${port}`
  const token = config.console.token ?? consoleToken
  return process.stdout.isTTY && token !== undefined ? consoleLink(origin, token) : `${origin}/console`
}

const { config, local, store } = await settingsOrExit()
const { dataDir, publicUrl, drainTimeoutMs } = config.server
const { twilioAuthToken, consoleToken } = local
const app = await buildApp(config, {
  store,
  ...(twilioAuthToken && { authToken: twilioAuthToken }),
  ...(consoleToken && { consoleToken }),
  // Not a setting: `npm run practice` gives it to the server that it starts.
  practice: readPractice(environment['PRACTICE'])
})

stopGracefully(app, drainTimeoutMs)
const url = await listenOrExit()
// With PORT=0 it is known only now; a URL leaves out port 80.
const { port } = app.server.address() as AddressInfo
if (twilioAuthToken || consoleToken) await writeLocal(dataDir, port, { pid: process.pid, url, ...local })

app.log.info({ url: `${publicUrl ?? url}/incoming-call` }, 'the webhook of your number')
if (twilioAuthToken) {
  app.log.info({ keptIn: localFile(dataDir, port) }, 'signatures are checked with a token of this machine')
} else app.log.info('signatures are checked with TWILIO_AUTH_TOKEN')
app.log.info({ url: consoleUrl(port) }, 'the console')
app.log.info({ model: config.openai.model }, 'the model')
