import { randomBytes } from 'node:crypto'
import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { print, printFact, seconds } from '../../src/commands/print.ts'
import { Environment, environment } from '../../src/config.ts'
import { readLocal } from '../../src/local.ts'
import { writeStereoWav } from '../sound/wav.ts'
import { CallFailed, type CallOutcome, PhoneCall, type RingOptions } from '../telephone/telephone.ts'
import { PRICE_OF_TALK } from '../who-pays.ts'
import { AgentVoice } from './agent-voice.ts'
import { type Cue, prepare } from './cues.ts'
import { MachineTime, untilFree } from './machine.ts'
import { Mistake } from './mistake.ts'
import { modelTroubles } from './model-trouble.ts'
import type { Order } from './order.ts'
import { perform } from './perform.ts'
import { Practice } from './practice.ts'
import { Report } from './report.ts'
import { type LogEntry, ServerProcess } from './server-process.ts'
import { SETTLED_MS } from './settled.ts'
import { printSummary } from './summary.ts'
import { Timeline } from './timeline.ts'

/** The parts of a call besides the caller. */
interface House {
  readonly report: Report
  readonly practice: Practice | undefined
  readonly server: ServerProcess | undefined
  readonly url: string
  /** What every request is signed with; undefined rings unsigned. */
  readonly authToken: string | undefined
}

/** The practice model speaks inside this process, which holds it up for some 100 ms. */
const LATE_MS = 300

const WORDLESS = 'It hears that something was said, not what: write the words of a recording into a .txt beside it.'

/** Places the call. Resolves to what went wrong, a line each. @throws Mistake when the call cannot begin */
export async function placeCall(order: Order): Promise<string[]> {
  await checkRecord(order.record)
  const cues = await prepare(order.scene.steps)
  const report = new Report(new Timeline())
  const isReal = order.url !== undefined || (environment['OPENAI_API_KEY'] && !order.practice)
  const practice = isReal ? undefined : await Practice.open(report.thoughts)
  try {
    print(whoAnswers(order, practice))
    if (practice && cues.some(isWordless)) print(WORDLESS)
    const authToken = await authTokenFor(order)
    const server = order.url ? undefined : await startServer(order, { practice, report, authToken })
    const url = order.url ?? server?.url ?? ''
    const troubles = await callAndStop({ report, practice, server, url, authToken }, order, cues)
    if (server) troubles.unshift(...modelTroubles(server.complaints, report.isAgentHeard))
    if (server && (order.log || troubles.length > 0)) printLog(server, order.log)
    if (troubles.length > 0) print('')
    return troubles
  } finally {
    await practice?.model.close()
  }
}

const isWordless = (cue: Cue): boolean => 'utterances' in cue && cue.words === undefined

function whoAnswers({ url }: Order, practice: Practice | undefined): string {
  if (url)
    return `The server at ${url} answers, whatever model it uses: what the agent says can be heard, but not read here.`
  if (practice) {
    const why = environment['OPENAI_API_KEY'] ? '--practice' : 'No OPENAI_API_KEY is set'
    return `${why}: a practice model on this machine plays the agent.`
  }
  return `OPENAI_API_KEY is set: the real model answers, ${PRICE_OF_TALK}; --practice costs nothing.`
}

/** The token that is given or set, else the one that a server of this machine made; our own server gets a new one. */
async function authTokenFor({ url, authToken }: Order): Promise<string | undefined> {
  const given = authToken ?? (environment['TWILIO_AUTH_TOKEN'] || undefined)
  if (given !== undefined) return given
  if (url === undefined) return randomBytes(32).toString('base64url')
  if (!isLocal(url)) return undefined
  const dataDir = Environment.shape.DATA_DIR.parse(environment['DATA_DIR'] || undefined)
  return (await readLocal(dataDir, portOf(url)))?.twilioAuthToken
}

async function startServer(
  order: Order,
  { practice, report, authToken }: Pick<House, 'practice' | 'report' | 'authToken'>
): Promise<ServerProcess> {
  const startedAt = performance.now()
  const settings = {
    ...environment,
    ...practice?.model.settings,
    ...order.scene.settings,
    TWILIO_AUTH_TOKEN: authToken
  }
  const onLog = (entry: LogEntry) => tellFailure(entry, report)
  const server = await ServerProcess.start(settings, { onLog })
  print(`The server was ready after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s.`)
  return server
}

function tellFailure({ msg, tool, error, err }: LogEntry, report: Report): void {
  if (msg !== 'a tool failed') return
  const { stack = error } = (err ?? {}) as { stack?: unknown }
  report.toolFailed(String(tool), String(stack))
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
  await untilFree(print)
  print('Ringing.\n')
  const time = new MachineTime()
  const call = await ring({ ...lineTo(house, order), onFrame: (frame) => voice.hear(frame) })
  report.watchCall(call)
  const performed = perform(cues, {
    ...{ call, voice, report, time },
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
  // A server that ran before keeps its calls where it was started.
  if (house.server) printFact('Again', `npm run calls -- ${call.callSid}`)
  if (time.worstMs > LATE_MS)
    printFact('Machine', `late by up to ${seconds(time.worstMs)}: the times above are partly its own`)
  const unheard = report.isAgentHeard ? [] : ['The agent was not heard.']
  return [
    ...unheard,
    ...(trouble ? [trouble] : []),
    ...troublesOf(outcome),
    ...(practice?.model.failures ?? []).map(refused)
  ]
}

async function ring(options: RingOptions): Promise<PhoneCall> {
  try {
    return await PhoneCall.ring(options)
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    const { status, message, code } = error
    if (code === 11205) throw new Mistake(`Nobody answers at ${options.url}: is the server running there?`)
    if (status === 403) throw new Mistake(`${options.url} ${options.authToken ? WRONG_SIGNATURE : NO_SIGNATURE}`)
    throw new Mistake(`The server could not be called: ${message}`)
  }
}

const NO_SIGNATURE = 'wants a signature, and no token for it was found: ring with the --auth-token that it has.'
const WRONG_SIGNATURE =
  'refused the signature: it has another token (--auth-token), or Twilio knows it by another name (PUBLIC_URL).'

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Waits for the end of the call. Ctrl-C hangs up. */
async function untilOver(call: PhoneCall): Promise<CallOutcome> {
  const hangUp = () => call.hangUp()
  for (const signal of INTERRUPTS) process.once(signal, hangUp)
  const outcome = await call.ended
  for (const signal of INTERRUPTS) process.off(signal, hangUp)
  return outcome
}

function lineTo({ url, server, authToken }: House, { scene }: Order): RingOptions {
  // A server of this machine that goes by a public name checks signatures against that name.
  const publicUrl = !server && authToken && isLocal(url) ? environment['PUBLIC_URL'] || undefined : undefined
  return { url, authToken, publicUrl, sayAloud: true, ...(scene.dial ? { dial: scene.dial } : {}) }
}

const portOf = (url: string): number => {
  const { port, protocol } = new URL(url)
  return Number(port || (protocol === 'https:' ? 443 : 80))
}

const isLocal = (url: string): boolean => /^(localhost|127\.0\.0\.1|\[::1\])$/.test(new URL(url).hostname)

function troublesOf({ by, reason, errors }: CallOutcome): string[] {
  if (by === 'reject') return [`The call was declined as ${reason}.`]
  if (by === 'error' && errors.length === 0) return [`The call broke off: ${reason}`]
  return errors.map(({ code, message }) => `Twilio would report error ${code}: ${message}`)
}

const refused = (failure: string): string => `The model's API would refuse: ${failure}`

/** Before anything is billed, and not when the call is over. */
async function checkRecord(file: string): Promise<void> {
  if (await stat(file).then((found) => found.isDirectory(), never)) {
    throw new Mistake(`The recording cannot be written to ${file}: that is a folder.`)
  }
  await access(dirname(file), constants.W_OK).catch(() => {
    throw new Mistake(`The recording cannot be written to ${file}: there is no such folder, or it is not yours.`)
  })
}

const never = (): false => false

function printLog(server: ServerProcess, isWhole: boolean): void {
  const [what, log] = isWhole ? ['', server.log('all')] : [', the lines that matter', server.log('what matters')]
  print(`\nThe server's log${what}:\n${log}`)
}
