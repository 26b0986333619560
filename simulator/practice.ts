import { once } from 'node:events'
import { print } from '../src/commands/print.ts'
import { environment } from '../src/config.ts'
import { loadDotenv } from '../src/dotenv.ts'
import { Mistake } from './call/mistake.ts'
import { REALISTIC } from './call/practice.ts'
import { ServerProcess } from './call/server-process.ts'
import { PracticeModel } from './model/practice-model.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The server with the practice model behind it, until a signal. Resolves with what went wrong, if anything did. */
async function practise(): Promise<string | undefined> {
  const signalled = Promise.race(SIGNALS.map((signal) => once(process, signal)))
  loadDotenv()
  const model = await PracticeModel.listen(REALISTIC)
  // Nobody's call is to be saved when the practice is over.
  const settings = { ...environment, ...model.settings, DRAIN_TIMEOUT_MS: '1' }
  try {
    const server = await ServerProcess.start(settings, { port: Number(environment['PORT'] || 5050), isKept: true })
    print(`The server with the practice model behind it, no key needed: ${server.url}`)
    print(`The practice model: ${model.url}`)
    print(`Ring it with npm run call -- --url ${server.url}; Ctrl-C ends both.`)
    const ended = await Promise.race([server.ended, signalled])
    if (typeof ended === 'string') return `The server ended ${ended}.`
    for (const signal of SIGNALS) process.once(signal, () => process.exit(1))
    return await server.stop()
  } finally {
    await model.close()
  }
}

const trouble = await practise().catch((error) => {
  if (error instanceof Mistake) return error.message
  throw error
})
if (trouble) process.stderr.write(`${trouble}\n`)
process.exitCode = trouble ? 1 : 0
