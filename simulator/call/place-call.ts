import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { environment } from '../../src/config.ts'
import { writeStereoWav } from '../sound/wav.ts'
import { CallFailed, type CallOutcome, PhoneCall, type RingOptions } from '../telephone/telephone.ts'
import { PRICE_OF_TALK } from '../who-pays.ts'
import { AgentVoice } from './agent-voice.ts'
import { type Cue, prepare } from './cues.ts'
import { Mistake } from './mistake.ts'
import type { Order } from './order.ts'
import { perform } from './perform.ts'
import { Practice } from './practice.ts'
import { Report } from './report.ts'
import { ServerProcess } from './server-process.ts'
import { printSummary } from './summary.ts'
import { print, Timeline } from './timeline.ts'

/** The parts of a call besides the caller. */
interface House {
  readonly report: Report
  readonly practice: Practice | undefined
  readonly server: ServerProcess | undefined
  readonly url: string
}

/**
 * The silence, in ms, after which an agent has finished. Real agents pause for a tool in the middle of an answer; the
 * practice model's pauses are known.
 */
const SETTLED_MS = { practice: 700, real: 1_500 }

const WORDLESS = 'It hears that something was said, not what: write the words of a recording into a .txt beside it.'

/** Places the call. Resolves to what went wrong, a line each. @throws Mistake when the call cannot begin */
export async function placeCall(order: Order): Promise<string[]> {
  await checkFolder(order.record)
  const cues = await prepare(order.scene.steps)
  const report = new Report(new Timeline())
  const isReal = order.url !== undefined || (environment['OPENAI_API_KEY'] && !order.practice)
  const practice = isReal ? undefined : await Practice.open(report.thoughts)
  try {
    print(whoAnswers(order, practice))
    if (practice && cues.some(isWordless)) print(WORDLESS)
    const server = order.url ? undefined : await startServer(order, practice)
    const troubles = await callAndStop({ report, practice, server, url: order.url ?? server?.url ?? '' }, order, cues)
    if (server && (order.log || troubles.length > 0)) printLog(server, order.log)
    if (troubles.length > 0) print('')
    return troubles
  } finally {
    await practice?.model.close()
  }
}

const isWordless = (cue: Cue): boolean => 'utterances' in cue && cue.words === undefined

function whoAnswers({ url }: Order, practice: Practice | undefined): string {
  if (url) return `Ringing ${url}, whatever model it uses: what the agent says can be heard, but not read here.`
  if (practice) {
    const why = environment['OPENAI_API_KEY'] ? '--practice' : 'No OPENAI_API_KEY is set'
    return `${why}: a practice model on this machine plays the agent.`
  }
  return `OPENAI_API_KEY is set: the real model answers, ${PRICE_OF_TALK}; --practice costs nothing.`
}

async function startServer(order: Order, practice: Practice | undefined): Promise<ServerProcess> {
  const startedAt = performance.now()
  const server = await ServerProcess.start({ ...environment, ...practice?.model.settings, ...order.scene.settings })
  print(`The server was ready after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s. Ringing.\n`)
  return server
}

async function callAndStop(house: House, order: Order, cues: readonly Cue[]): Promise<string[]> {
  const { server } = house
  try {
    const troubles = await conduct(house, order, cues)
    const badEnd = await server?.stop()
    return badEnd ? [...troubles, badEnd] : troubles
  } catch (error) {
    await server?.stop()
    throw error
  }
}

/** Conducts the call, from the ringing to the recording. */
async function conduct(house: House, order: Order, cues: readonly Cue[]): Promise<string[]> {
  const { report, practice } = house
  const voice = new AgentVoice(
    () => call.bufferedMs,
    () => practice?.takeWords()
  )
  report.watchVoice(voice)
  const call = await ring({ ...lineTo(house, order), onFrame: (frame) => voice.hear(frame) })
  report.watchCall(call)
  const performed = perform(cues, {
    ...{ call, voice, report },
    prompt: (words) => practice?.model.hearWords(words),
    settledMs: practice ? SETTLED_MS.practice : SETTLED_MS.real
  })
  const outcome = await untilOver(call)
  voice.stop()
  const trouble = await performed
  report.ended(outcome)
  const { caller, agent } = call.recorded()
  await writeStereoWav(order.record, caller, agent)
  printSummary(report, outcome, order.record, practice !== undefined)
  return [...(trouble ? [trouble] : []), ...troublesOf(outcome), ...(practice?.model.failures ?? []).map(refused)]
}

async function ring(options: RingOptions): Promise<PhoneCall> {
  try {
    return await PhoneCall.ring(options)
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    const { status, message, code } = error
    if (code === 11205) throw new Mistake(`Nobody answers at ${options.url}: is the server running there?`)
    if (status === 403 && !options.authToken) {
      throw new Mistake(`${options.url} takes signed requests only: set the TWILIO_AUTH_TOKEN that it has.`)
    }
    throw new Mistake(`The server could not be called: ${message}`)
  }
}

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Waits for the end of the call. Ctrl-C hangs up. */
async function untilOver(call: PhoneCall): Promise<CallOutcome> {
  const hangUp = () => call.hangUp()
  for (const signal of INTERRUPTS) process.once(signal, hangUp)
  const outcome = await call.ended
  for (const signal of INTERRUPTS) process.off(signal, hangUp)
  return outcome
}

function lineTo({ url, server }: House, { scene }: Order): RingOptions {
  const authToken = environment['TWILIO_AUTH_TOKEN'] || undefined
  // A server on this machine with a PUBLIC_URL checks signatures against that URL.
  const publicUrl = !server && authToken && isLocal(url) ? environment['PUBLIC_URL'] || undefined : undefined
  return { url, authToken, publicUrl, sayAloud: true, ...(scene.dial ? { dial: scene.dial } : {}) }
}

const isLocal = (url: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])$/.test(new URL(url).hostname)

function troublesOf({ by, reason, errors }: CallOutcome): string[] {
  if (by === 'reject') return [`The call was declined as ${reason}.`]
  if (by === 'error' && errors.length === 0) return [`The call broke off: ${reason}`]
  return errors.map(({ code, message }) => `Twilio would report error ${code}: ${message}`)
}

const refused = (failure: string): string => `The model's API would refuse: ${failure}`

async function checkFolder(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch(() => {
    throw new Mistake(`The recording cannot be written to ${file}: there is no such folder, or it is not yours.`)
  })
}

function printLog(server: ServerProcess, whole: boolean): void {
  print(`\nThe server's log${whole ? '' : ' (its end)'}:\n${server.log(whole ? Number.POSITIVE_INFINITY : undefined)}`)
}
