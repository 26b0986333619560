import { setTimeout as wait } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { type TwilioRest, twilioRest } from '../twilio/rest.ts'
import { CannotFix } from './fix.ts'
import { findPublicUrl } from './public-url.ts'
import { theNumber } from './twilio.ts'

/** The call rings at most this long, in seconds. */
const RING_S = 30
/** A call that is not over by then is ended. */
const LIMIT_MS = 90_000
const POLL_MS = 1_000
/** The record of a call is whole this long after its end. */
const RECORD_MS = 4_000
/** After these nothing more comes of a call. (Twilio, call status values) */
const OVER = new Set(['completed', 'busy', 'failed', 'no-answer', 'canceled'])

export interface RingOptions {
  readonly config: Config
  readonly to: string
  /** Where this server answers, and what opens its API. */
  readonly localUrl: string
  readonly consoleToken: string | undefined
  /** Told of each change of the call's state. */
  readonly tell: (line: string) => void
}

/**
 * Rings somebody once, as Twilio would connect a caller, and tells how long the agent let them wait.
 * @returns whether the agent was heard
 * @throws CannotFix where it cannot be tried
 */
export async function ring({ config, to, localUrl, consoleToken, tell }: RingOptions): Promise<boolean> {
  const rest = twilioRest(config)
  const found = await findPublicUrl(config)
  if (!rest) throw new CannotFix('Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: the call is placed through Twilio.')
  if (!found) throw new CannotFix('There is no public address that Twilio could ask: open a tunnel, or set PUBLIC_URL.')
  const number = await theNumber(rest, config)
  if ('state' in number) throw new CannotFix(`${number.what} ${number.mend}`)
  const url = `${found.url}/incoming-call`
  const { sid } = await rest.calls.create({ to, from: number.phoneNumber, url, method: 'POST', timeout: RING_S })
  const status = await untilOver(rest, sid, tell)
  if (status !== 'completed') return false
  const firstAudioMs = await waited(localUrl, sid, consoleToken)
  if (firstAudioMs === undefined) tell('The agent was not heard, or this server has no record of the call.')
  else tell(`The first sound came ${firstAudioMs} ms after the stream began; npm run calls -- ${sid} tells the rest.`)
  return firstAudioMs !== undefined
}

/** The last status of the call, which is ended when it takes too long. */
async function untilOver(rest: TwilioRest, sid: string, tell: RingOptions['tell']): Promise<string> {
  const lateAt = performance.now() + LIMIT_MS
  let last = ''
  while (true) {
    const { status } = await rest.calls(sid).fetch()
    if (status !== last) tell(`The call is ${status}.`)
    last = status
    if (OVER.has(last)) return last
    if (performance.now() > lateAt) await rest.calls(sid).update({ status: 'completed' })
    await wait(POLL_MS)
  }
}

/** How long the callee waited for the first sound, in ms; undefined where that is not known. */
async function waited(localUrl: string, sid: string, token: string | undefined): Promise<number | undefined> {
  if (token === undefined) return undefined
  const lateAt = performance.now() + RECORD_MS
  while (performance.now() < lateAt) {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${localUrl}/api/calls/${sid}`, { headers }).catch(() => undefined)
    const { call } = ((await answer?.json().catch(() => ({}))) ?? {}) as { call?: { firstAudioMs: number | null } }
    if (call && call.firstAudioMs !== null) return Math.round(call.firstAudioMs)
    await wait(POLL_MS / 4)
  }
  return undefined
}
