import { once } from 'node:events'
import { print } from '../src/commands/print.ts'
import { Environment, environment } from '../src/config.ts'
import { loadDotenv } from '../src/dotenv.ts'
import { readLocal } from '../src/local.ts'
import { consoleLink } from '../src/plugins/console-key.ts'
import { PRACTICE_ACCOUNT } from '../src/twilio/frames.ts'
import { PracticeAnalyst } from './analyst/practice-analyst.ts'
import { Mistake } from './call/mistake.ts'
import { REALISTIC } from './call/practice.ts'
import { SENTENCES } from './call/scenes.ts'
import { ServerProcess } from './call/server-process.ts'
import { SpeechDoor } from './call/speech-door.ts'
import { type Brain, defaultBrain, PracticeModel } from './model/practice-model.ts'
import { languageOf } from './sound/language.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Said for speech that nobody gave the words of. */
const NO_EARS = {
  en: 'I can hear that you speak, but I am a practice model and understand no words. Please click one of the sentences in the page, or type your own.',
  de: 'Ich höre, dass Sie sprechen, aber ich bin ein Übungsmodell und verstehe keine Worte. Bitte klicken Sie auf der Seite einen der Sätze an, oder tippen Sie selbst einen.',
  es: 'Oigo que usted habla, pero soy un modelo de práctica y no entiendo palabras. Por favor, elija una de las frases de la página o escriba la suya.'
}

const brain: Brain = (turn) => {
  const isWordless = turn.kind === 'speech' && turn.transcript === '[speech]' && !turn.responseInstructions
  return isWordless ? [{ say: NO_EARS[languageOf(turn.instructions) ?? 'en'] }] : defaultBrain(turn)
}

/** The server with the practice model behind it, until a signal. Resolves with what went wrong, if anything did. */
async function practise(): Promise<string | undefined> {
  const signalled = Promise.race(SIGNALS.map((signal) => once(process, signal)))
  loadDotenv()
  const model = await PracticeModel.listen({ ...REALISTIC, brain })
  const analyst = await PracticeAnalyst.listen()
  const speech = await SpeechDoor.open((words) => model.hearMoreWords(words))
  const practice = { url: speech.url, accountSid: PRACTICE_ACCOUNT, sentences: SENTENCES }
  // Nobody's call is to be saved when the practice is over.
  const settings = {
    // What happens on a call is seen in the page.
    ...{ LOG_LEVEL: 'warn', ...environment, ...model.settings, ...analyst.settings, DRAIN_TIMEOUT_MS: '1' },
    PRACTICE: JSON.stringify(practice)
  }
  try {
    const server = await ServerProcess.start(settings, { port: Number(environment['PORT'] || 5050), isKept: true })
    print(`The server with the practice model behind it, no key needed: ${server.url}`)
    print(`The practice model: ${model.url}`)
    print(`Ring it with npm run call -- --url ${server.url}, or talk to it in the browser:\n`)
    print(`  ${await consoleOf(server.url)}\n`)
    print('Press Call there. Ctrl-C ends all.')
    const ended = await Promise.race([server.ended, signalled])
    if (typeof ended === 'string') return `The server ended ${ended}.`
    for (const signal of SIGNALS) process.once(signal, () => process.exit(1))
    return await server.stop()
  } finally {
    speech.close()
    await analyst.close()
    await model.close()
  }
}

/** For a person at the terminal a link that signs in whoever follows it first; in a file it would be anybody's. */
async function consoleOf(url: string): Promise<string> {
  const { port } = new URL(url)
  const dataDir = Environment.shape.DATA_DIR.parse(environment['DATA_DIR'] || undefined)
  const token = environment['CONSOLE_TOKEN'] || (await readLocal(dataDir, Number(port)))?.consoleToken
  const origin = `http://localhost:${port}`
  return process.stdout.isTTY && token ? consoleLink(origin, token) : `${origin}/console`
}

const trouble = await practise().catch((error) => {
  if (error instanceof Mistake) return error.message
  throw error
})
if (trouble) process.stderr.write(`${trouble}\n`)
process.exitCode = trouble ? 1 : 0
