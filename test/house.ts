import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { Inbox } from '../simulator/inbox.ts'
import { PracticeModel, type PracticeModelOptions, type PracticeSession } from '../simulator/model/practice-model.ts'
import { newSid } from '../simulator/telephone/identity.ts'
import { type OpenStreamOptions, PhoneCall, type RingOptions } from '../simulator/telephone/telephone.ts'
import { parseTwiml } from '../simulator/telephone/twiml.ts'
import { buildApp, type Dependencies } from '../src/app.ts'
import type { Call } from '../src/call/call.ts'
import type { Entry } from '../src/call/journal.ts'
import type { CallRecord } from '../src/call/record.ts'
import type { CallState } from '../src/call/state.ts'
import { loadConfig } from '../src/config.ts'
import type { RealtimeLeg } from '../src/realtime/leg.ts'
import { agentFor } from './agents/pizzeria/agent.ts'
import { outputGuardrails } from './agents/pizzeria/guardrails.ts'
import { result } from './agents/pizzeria/result.ts'

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

export interface HouseOptions {
  /** `undefined` leaves a setting to its default; the house itself opens without a greeting. */
  readonly env?: Record<string, string | undefined>
  readonly model?: PracticeModelOptions
  readonly overrides?: Partial<Dependencies>
  /** What a test brings about on purpose: without it, it fails the test. */
  readonly provokes?: readonly Provoked[]
}

/** What the model refused, what Twilio would have logged, and lines in our log above `warn`. */
export type Provoked = 'the model' | 'Twilio' | 'the log'

/** pino's number for `error`. */
const ERROR = 50

/**
 * The server on a free port, with the pizzeria's agent, between a practice model and as many telephones as a test
 * rings. Everything is closed when the test finishes, and whatever one of the two parties would have refused fails it,
 * as does an error in the log.
 */
export async function startHouse({ env, model: modelOptions, overrides, provokes = [] }: HouseOptions = {}) {
  const model = await PracticeModel.listen(modelOptions)
  const records = new Inbox<CallRecord>('records')
  const log = new Inbox<LogLine>('log', (line) => `${line.level} ${line.msg}`)
  const answered = new Inbox<Call>('calls', (call) => `${call.state.name} ${call.context.callSid}`)
  const config = loadConfig({
    OPENAI_API_KEY: 'sk-practice',
    OPENAI_REALTIME_URL: model.url,
    TWILIO_AUTH_TOKEN: 'the-token-of-the-house',
    LOG_LEVEL: 'debug',
    GREETING: '',
    ANSWER_SAY: '',
    ...env
  })
  const app = await buildApp(config, {
    agentFor,
    outputGuardrails,
    result,
    saveRecord: async (record) => records.push(record),
    readers: [
      (call) => {
        const entries: Entry[] = []
        journals.set(call, entries)
        call.journal.follow((entry) => entries.push(entry))
        answered.push(call)
      }
    ],
    logTo: { write: (line) => log.push(JSON.parse(line)) },
    ...overrides
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const calls: PhoneCall[] = []

  onTestFinished(async () => {
    for (const call of calls) call.hangUp()
    await app.close()
    await model.close()
    const errors = {
      'the model': model.failures,
      Twilio: calls.flatMap((call) => call.errors),
      'the log': log.all.filter(({ level }) => level >= ERROR)
    }
    for (const party of provokes) errors[party] = []
    expect(errors).toEqual({ 'the model': [], Twilio: [], 'the log': [] })
  })

  async function ring(options: Partial<RingOptions> = {}) {
    const phone = await PhoneCall.ring({ url, authToken: config.twilio.authToken, ...options })
    calls.push(phone)
    return phone
  }

  return {
    app,
    url,
    model,
    records,
    log,
    config,
    /** The server's side of each stream, in the order in which they were accepted. */
    answered,
    /** Rings the number. Requests are signed, unless `authToken` is undefined. */
    ring,
    /** A caller who is through to the agent: their telephone, the server's call, the model's session. */
    async connect(options: Partial<RingOptions> = {}) {
      const phone = await ring(options)
      const call = await answered.next()
      await reaches(call, 'live')
      return { phone, call, session: await model.nextSession() }
    },
    /** Dials the stream without a webhook, signed and with a token of its own unless the options say otherwise. */
    async stream(options: Partial<OpenStreamOptions> = {}) {
      const callSid = options.callSid ?? newSid('CA')
      const customParameters = tokenFor(app, callSid)
      const call = await PhoneCall.openStream({
        ...{ url, authToken: config.twilio.authToken, callSid, customParameters },
        ...options
      })
      calls.push(call)
      return call
    },
    /** A stream by hand: signed, and with nothing on it but what the test sends. */
    bareStream(): WebSocket {
      const stream = `${url.replace('http', 'ws')}/media-stream`
      const signature = getExpectedTwilioSignature(config.twilio.authToken ?? '', `wss${stream.slice(2)}`, {})
      const socket = new WebSocket(stream, { headers: { 'X-Twilio-Signature': signature } })
      onTestFinished(() => socket.terminate())
      return socket
    }
  }
}

export type House = Awaited<ReturnType<typeof startHouse>>

/** Everything that was written in the journals of the calls that the houses have answered. */
const journals = new WeakMap<Call, Entry[]>()

export function journalOf(call: Call): readonly Entry[] {
  const entries = journals.get(call)
  if (!entries) throw new Error('no house has answered this call')
  return entries
}

/** How often the call's model was lost. */
export const losses = (call: Call): number => journalOf(call).filter(({ event }) => event.type === 'model_lost').length

/** The SDK's session and transport, without switching on that every event passes them. */
export const sdk = (call: Call) => call.model as RealtimeLeg

/** Sound that is different in every frame, so that one frame lost, doubled or out of order shows. Its length is in ms. */
export function distinctSound(ms: number): Buffer {
  const sound = Buffer.alloc(ms * 8)
  for (let at = 0; at < sound.length; at += 4) sound.writeUInt32BE(Math.imul(at + 1, 0x9e3779b1) >>> 0, at)
  return sound
}

/** The `<Parameter>`s with a token that is good for this call. */
export function tokenFor(app: House['app'], callSid: string): Record<string, string> {
  return app.calls.tokens.issue({ callSid, direction: 'inbound', parameters: {} })
}

/** Twilio's `start`, for a stream that was dialled without one. */
export function startFrame({
  streamSid = '',
  callSid,
  customParameters = {}
}: Pick<PhoneCall, 'callSid'> & Partial<Pick<PhoneCall, 'streamSid' | 'customParameters'>>) {
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 }
  return { event: 'start', streamSid, start: { streamSid, callSid, customParameters, mediaFormat } }
}

/** The headers of a request that Twilio has signed. @param url path and query */
export function signed({ config }: House, url: string, params: Readonly<Record<string, unknown>> = {}) {
  const { authToken = '' } = config.twilio
  const origin = config.server.publicUrl ?? 'http://localhost'
  const signature = getExpectedTwilioSignature(authToken, origin + url, { ...params })
  return { host: 'localhost', 'x-twilio-signature': signature }
}

/** What the webhook answers, read as strictly as Twilio reads it. */
export async function webhook(house: House, params: Record<string, string>, path = '/incoming-call') {
  const { app } = house
  const payload = new URLSearchParams(params).toString()
  const headers = { ...signed(house, path, params), 'content-type': 'application/x-www-form-urlencoded' }
  const reply = await app.inject({ method: 'POST', url: path, headers, payload })
  expect(reply.statusCode).toBe(200)
  expect(reply.headers['content-type']).toMatch(/^text\/xml\b/)
  return parseTwiml(reply.body)
}

/** The `<Parameter>`s with which the webhook sends a stream: they hold its token. */
export function parametersOf([connect]: Awaited<ReturnType<typeof webhook>>): Record<string, string> {
  const parameters = connect?.children[0]?.children ?? []
  return Object.fromEntries(parameters.map(({ attributes }) => [attributes['name'] ?? '', attributes['value'] ?? '']))
}

/** Waits until the call is in this state. */
export const reaches = (call: Call, state: CallState['name']) =>
  eventually(
    () => call.state.name,
    (name) => name === state
  )

/** Waits until the caller has heard everything that was sent to them. */
export const playedOut = (call: Call) =>
  eventually(
    () => ({ isPlaying: call.caller.playback.isPlaying, aheadMs: call.caller.playback.aheadMs }),
    ({ isPlaying }) => !isPlaying
  )

const textsOf = ({ transcript }: Call) => transcript.turns.map(({ text }) => text)

/** Waits until the transcript has so many turns. */
export const hasTurns = (call: Call, count: number) =>
  eventually(
    () => textsOf(call),
    (texts) => texts.length === count
  )

/** Waits until the transcript has a turn with exactly these words, the agent's or the caller's. */
export const isSaid = (call: Call, words: string) =>
  eventually(
    () => textsOf(call),
    (texts) => texts.includes(words)
  )

/** Waits until the model has received so much of the caller's audio. */
export const receivesAudio = (session: PracticeSession, ms: number) =>
  eventually(
    () => session.audioMs,
    (received) => received >= ms
  )

/** Waits until the model has received this sound, byte for byte. */
export const receivesSound = (session: PracticeSession, sound: Buffer) =>
  eventually(
    () => ({ receivedMs: session.audioMs, hasSound: session.audio.includes(sound) }),
    ({ hasSound }) => hasSound
  )

/** The next session of the model, once it is configured. */
export async function nextModel({ model }: House, limitMs = 8_000): Promise<PracticeSession> {
  const session = await model.nextSession(limitMs)
  await session.receives('session.update', ({ session: { audio } }) => audio !== undefined)
  return session
}

/** Looked up here, so that a test's fake timers do not stop the waiting. */
const { setTimeout: later } = globalThis

/**
 * Waits until `look` gives something; fails with what it gave last. Most of what the tests do is this: `expect.poll`
 * makes an error with a stack of every look, which took a sixth of the CPU time.
 */
export async function eventually<T>(look: () => T, expected: (value: T) => boolean, limitMs = 6_000): Promise<T> {
  const until = performance.now() + limitMs
  // Made here, so that its stack names the line that waits.
  const late = new Error()
  for (;;) {
    const value = look()
    if (expected(value)) return value
    if (performance.now() > until) {
      late.message = `nothing else came within ${limitMs} ms than ${inspect(value)}`
      throw late
    }
    await new Promise((resolve) => later(resolve, 10))
  }
}
