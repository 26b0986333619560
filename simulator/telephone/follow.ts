import { TwilioRefusal } from './errors.ts'
import type { Element } from './twiml.ts'
import type { Request } from './webhook.ts'

export interface Document {
  /** The document's own URL, against which its relative URLs are resolved. */
  readonly url: string
  readonly verbs: readonly Element[]
}

export type Ending =
  | { readonly by: 'server'; readonly reason: 'hangup' | 'completed' }
  | { readonly by: 'reject'; readonly reason: string }

/** The actions that the verbs need. */
export interface Desk {
  readonly fetch: (request: Request) => Promise<Document>
  readonly begin: (verb: Element) => void
  readonly say: (text: string) => Promise<void>
  readonly pause: (ms: number) => Promise<void>
  readonly connect: (stream: Element, documentUrl: string) => Promise<void>
  /** Resolves to Twilio's parameters for the action URL. */
  readonly dial: (dial: Element, documentUrl: string) => Promise<Record<string, string>>
}

type Step = { readonly goTo: Request } | { readonly end: Ending }

// Twilio ends a call that is redirected in circles; its limit is not documented.
const MOST_DOCUMENTS = 100

/**
 * Follows TwiML from verb to verb and document to document until the call is over.
 * @throws TwilioRefusal with the error after which Twilio cannot go on
 */
export async function follow(first: Document, desk: Desk): Promise<Ending> {
  let document = first
  for (let count = 0; count < MOST_DOCUMENTS; count++) {
    const step = await followDocument(document, desk)
    if ('end' in step) return step.end
    document = await desk.fetch(step.goTo)
  }
  throw new TwilioRefusal(11215, `more than ${MOST_DOCUMENTS} documents in one call, the last from ${document.url}`)
}

async function followDocument(document: Document, desk: Desk): Promise<Step> {
  for (const verb of document.verbs) {
    desk.begin(verb)
    const step = await perform(verb, document.url, desk)
    if (step) return step
  }
  return { end: { by: 'server', reason: 'completed' } }
}

async function perform(verb: Element, documentUrl: string, desk: Desk): Promise<Step | undefined> {
  const { attributes } = verb
  switch (verb.name) {
    case 'Say':
      await desk.say(verb.text)
      return undefined
    case 'Pause':
      await desk.pause(Number(attributes['length'] ?? 1) * 1_000)
      return undefined
    case 'Redirect':
      return goTo(verb.text, documentUrl, attributes['method'])
    case 'Hangup':
      return { end: { by: 'server', reason: 'hangup' } }
    case 'Reject':
      return { end: { by: 'reject', reason: attributes['reason'] ?? 'rejected' } }
    case 'Connect':
      for (const stream of verb.children) await desk.connect(stream, documentUrl)
      return action(verb, documentUrl)
    case 'Dial':
      return action(verb, documentUrl, await desk.dial(verb, documentUrl))
    default:
      throw new TwilioRefusal(12200, `Schema validation failure: <${verb.name}>`)
  }
}

function action(verb: Element, documentUrl: string, params: Record<string, string> = {}): Step | undefined {
  const { action, method } = verb.attributes
  return action ? goTo(action, documentUrl, method, params) : undefined
}

function goTo(target: string, documentUrl: string, method = 'POST', params: Record<string, string> = {}): Step {
  if (!URL.canParse(target, documentUrl)) throw new TwilioRefusal(11100, `Invalid URL format: ${target}`)
  return { goTo: { url: new URL(target, documentUrl).href, method: method === 'GET' ? 'GET' : 'POST', params } }
}
