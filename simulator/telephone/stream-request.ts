import { TwilioRefusal } from './errors.ts'
import type { Element } from './twiml.ts'

// https://www.twilio.com/docs/voice/twiml/stream: name and value together stay under 500 characters.
const PARAMETER_LIMIT = 500

/** The URL and parameters of a `<Stream>`. @throws TwilioRefusal with the error that Twilio would log */
export function streamRequest(stream: Element): { url: string; customParameters: Record<string, string> } {
  const { url = '', track = 'inbound_track' } = stream.attributes
  checkUrl(url)
  if (track !== 'inbound_track') throw new TwilioRefusal(31941, `Stream: track ${track} in <Connect>`)
  return { url, customParameters: Object.fromEntries(stream.children.map(parameterOf)) }
}

function checkUrl(url: string): void {
  if (!URL.canParse(url)) throw new TwilioRefusal(31923, `Stream: malformed url ${url}`)
  const { protocol, search, hash } = new URL(url)
  if (protocol !== 'wss:') throw new TwilioRefusal(31922, `Stream: ${url} is not wss`)
  if (search || hash || url.includes('?')) throw new TwilioRefusal(31920, `Stream: ${url} has a query string`)
}

function parameterOf({ attributes }: Element): [name: string, value: string] {
  const { name = '', value = '' } = attributes
  if (name.length + value.length >= PARAMETER_LIMIT) {
    throw new TwilioRefusal(12200, `<Parameter name="${name}"> of ${name.length + value.length} characters`)
  }
  return [name, value]
}
