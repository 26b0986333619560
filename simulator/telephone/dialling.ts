import { type TwilioError, TwilioRefusal } from './errors.ts'
import { type Identity, newSid, standardParameters } from './identity.ts'
import type { Logbook } from './logbook.ts'
import type { DialResult, DialSomebody } from './options.ts'
import type { Element } from './twiml.ts'
import type { Request } from './webhook.ts'

export interface Dialling {
  readonly identity: Identity
  readonly log: Logbook
  readonly pickUp: DialSomebody
  readonly pause: (ms: number) => Promise<void>
  readonly fetch: (request: Request) => Promise<readonly Element[]>
}

interface Attempt {
  readonly target: Element
  readonly callSid: string
  readonly result: DialResult
}

/**
 * Rings all numbers of the `<Dial>` at once; the first one that picks up is connected. Resolves to the parameters for
 * the action URL.
 */
export async function dialNumbers(dial: Element, documentUrl: string, desk: Dialling): Promise<Record<string, string>> {
  const targets = dial.children.length > 0 ? dial.children : [dial]
  const attempts = await Promise.all(targets.map((target) => ring(target, dial, desk)))
  const attempt = attempts.find(({ result }) => result.status === 'completed') ?? (attempts[0] as Attempt)
  const status =
    attempt.result.status === 'completed' ? await connect(attempt, documentUrl, desk) : attempt.result.status
  const talkMs = status === 'completed' ? (attempt.result.talkMs ?? 0) : 0
  await desk.pause(talkMs)
  return {
    DialCallStatus: status,
    DialCallSid: attempt.callSid,
    DialBridged: `${status === 'completed'}`,
    ...(status === 'completed' ? { DialCallDuration: `${Math.round(talkMs / 1_000)}` } : {})
  }
}

async function ring(target: Element, dial: Element, desk: Dialling): Promise<Attempt> {
  const number = target.text
  desk.log.dialled.push(number)
  const callSid = newSid('CA')
  if (!/^\+?[\d\s().-]{3,}$/.test(number)) {
    desk.log.errors.push({ code: 13223, message: `Dial: Invalid phone number format: ${number}` })
    return { target, callSid, result: { status: 'failed' } }
  }
  const attributes = { ...dial.attributes, ...target.attributes }
  return { target, callSid, result: await desk.pickUp(number, { attributes }) }
}

/** Plays the TwiML of `<Number url>` to the person who picked up first. */
async function connect(
  { target, callSid }: Attempt,
  documentUrl: string,
  desk: Dialling
): Promise<DialResult['status']> {
  const { url, method } = target.attributes
  if (target.name !== 'Number' || !url) return 'completed'
  const { identity, log } = desk
  const leg = { ...identity, callSid, from: identity.from, to: target.text, direction: 'outbound-dial', parameters: {} }
  const params = { ...standardParameters(leg, 'in-progress'), ParentCallSid: identity.callSid }
  try {
    const verbs = await desk.fetch({
      url: new URL(url, documentUrl).href,
      method: method === 'GET' ? 'GET' : 'POST',
      params
    })
    log.whispers.push({ number: target.text, said: verbs.filter(({ name }) => name === 'Say').map(({ text }) => text) })
    return verbs.some(({ name }) => name === 'Hangup' || name === 'Reject') ? 'no-answer' : 'completed'
  } catch (error) {
    log.errors.push(loggedOf(error))
    return 'failed'
  }
}

function loggedOf(error: unknown): TwilioError {
  if (error instanceof TwilioRefusal) return error.logged
  throw error
}
