import type { StreamClaims } from './stream-token.ts'

/**
 * The most characters of a value, longer than any number, SIP address or SID that Twilio sends. The rest is cut off.
 */
const MAX_VALUE = 128
/** The room for parameters in the stream's token, in bytes of JSON. */
const MAX_PARAMETER_BYTES = 600

export type WebhookParams = Readonly<Record<string, unknown>>

/** Twilio's text in place of a withheld number: a word, or that word on a telephone's keys. */
const WITHHELD =
  /^(anonymous|blocked|private|restricted|unavailable|unknown|\+?(266696687|2562533|7378742833|86282452253|8656696))$/i

/**
 * The caller, from the parameters of a voice webhook (Twilio: request parameters); undefined without a CallSid.
 * @param query the URL's query; names in lower case are the developer's own and reach the agent as `parameters`
 */
export function readWebhook(params: WebhookParams, query: WebhookParams): StreamClaims | undefined {
  const callSid = text(params['CallSid'])
  if (callSid === undefined) return undefined
  const from = text(params['From'])
  const to = text(params['To'])
  return {
    callSid,
    ...(from === undefined || WITHHELD.test(from) ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    direction: text(params['Direction']) ?? 'inbound',
    parameters: extraParameters(query),
    ...(isDoubted(text(params['StirVerstat'])) ? { isDoubted: true } : {})
  }
}

/**
 * Whether the network says that the number failed its validation (`TN-Validation-Failed…`) or was not validated
 * (`No-TN-Validation`). Without a word about it the number is as good as any: outside the US and Canada there never is
 * one. (Twilio, SHAKEN/STIR)
 */
function isDoubted(verstat: string | undefined): boolean {
  return verstat !== undefined && !verstat.startsWith('TN-Validation-Passed')
}

function extraParameters(query: WebhookParams): Record<string, string> {
  const extra: Record<string, string> = {}
  let room = MAX_PARAMETER_BYTES
  for (const [name, raw] of Object.entries(query)) {
    const value = text(raw)
    if (value === undefined || !/^[a-z]\w{0,39}$/.test(name)) continue
    room -= Buffer.byteLength(JSON.stringify({ [name]: value }))
    if (room < 0) break
    extra[name] = value
  }
  return extra
}

/** A parameter as bounded, clean text. Of a repeated parameter the first counts. */
function text(value: unknown): string | undefined {
  const first: unknown = Array.isArray(value) ? value[0] : value
  if (typeof first !== 'string') return undefined
  const cleaned = cleanText(first).slice(0, MAX_VALUE).toWellFormed().replaceAll('\uFFFD', '')
  return cleaned === '' ? undefined : cleaned
}

/** Characters that XML 1.0 cannot hold, escaped or not. The twilio package passes them through. (XML 1.0, 2.2 Char) */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

/** The text without what XML forbids: control characters, lone surrogates, non-characters. */
export function cleanText(value: string): string {
  return value.toWellFormed().replace(NOT_XML, '').trim()
}
