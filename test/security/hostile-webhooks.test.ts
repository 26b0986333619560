import fc from 'fast-check'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { TOKEN_PARAMETERS } from '../../src/twilio/stream-token.ts'
import { type House, startHouse } from '../house.ts'
import { AUTH_TOKEN, FORM, httpRequest, PUBLIC, RINGING, Stranger, sign, TUNNEL } from './stranger.ts'

const locked = { env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } }
// biome-ignore lint/suspicious/noControlCharactersInRegex: the control characters are what is looked for
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/

/** A webhook as Twilio signs it. Fields of another encoding than UTF-8 are signed as the server reads them. */
async function ask({ url }: House, fields: Record<string, string>, query = ''): Promise<string> {
  const body = new URLSearchParams(fields).toString()
  const params = Object.fromEntries(new URLSearchParams(body))
  const path = `/incoming-call${query}`
  const headers = { ...TUNNEL, ...FORM, 'X-Twilio-Signature': sign(`${PUBLIC}${path}`, params) }
  const reply = await fetch(`${url}${path}`, { method: 'POST', headers, body })
  expect(reply.status).toBe(200)
  return reply.text()
}

/** TwiML that says what it should: a stream of ours with a token, and nothing that came from the caller. */
function expectStream(twiml: string): Record<string, string> {
  expect(XMLValidator.validate(twiml)).toBe(true)
  expect(twiml).not.toMatch(NOT_XML)
  expect(twiml.isWellFormed()).toBe(true)
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    isArray: (name) => name === 'Parameter'
  })
  const { Response, ...others } = parser.parse(twiml)
  expect(Object.keys(others)).toEqual(['?xml'])
  expect(Object.keys(Response)).toEqual(['Connect'])
  const { action, Stream, ...verbs } = Response.Connect
  expect([action, verbs]).toEqual([`${PUBLIC}/call-ended`, {}])
  const { url, Parameter, ...more } = Stream
  expect([url, more]).toEqual(['wss://agent.example.com/media-stream', {}])
  for (const { name, value } of Parameter) {
    expect(TOKEN_PARAMETERS).toContain(name)
    expect(`${name}${value}`.length).toBeLessThan(500)
  }
  return Object.fromEntries(Parameter.map(({ name, value }: Record<string, string>) => [name, value]))
}

describe('a caller who is called', () => {
  const names: [string, string][] = [
    ['quotes', `"'"'"`],
    ['a verb', '"/></Stream></Connect><Dial>+19005551234</Dial>'],
    ['an end', '</Response>'],
    ['a comment', '--><!--'],
    ['an entity', '&amp;&#0;&#xD800;&xxe;'],
    ['a document type', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>&x;'],
    ['control characters', '\u0000\u0001\u0008\u000b\u001b[2J\u007f\u0085'],
    ['lines', 'a\r\nb\n\nc'],
    ['lone surrogates', '\ud800x\udc00'],
    ['what is no character', '\ufffe\uffff'],
    ['right to left', '\u202e\u0645\u0631\u062d\u0628\u0627'],
    ['10 kB of Unicode', '\u{1F469}\u200D\u{1F680}é漢'.repeat(600)],
    ['10 kB of brackets', '<>'.repeat(5_000)]
  ]
  test.each(names)('%s is answered in TwiML that is well-formed, whichever field it is in', async (_what, name) => {
    const house = await startHouse(locked)
    for (const field of ['From', 'To', 'CallerName', 'Caller', 'FromCity', 'Direction', name.slice(0, 50)]) {
      const token = expectStream(await ask(house, { ...RINGING, [field]: name }))
      expect(house.app.calls.tokens.redeem(token, RINGING.CallSid)).toMatchObject({ callSid: RINGING.CallSid })
    }
  })

  test.each(names)('%s, in the CallSid, too', async (_what, name) => {
    const house = await startHouse(locked)
    expectStream(await ask(house, { ...RINGING, CallSid: `CA${name}` }))
  })
})

test('whatever the fields are, the TwiML is well-formed and carries a token that says the same caller', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('"', '<', '>', '&', '\0', ']') })
  )
  const fields = fc.record({ From: text, To: text, CallerName: text, Direction: text, AccountSid: text })
  const extra = fc.dictionary(fc.stringMatching(/^[a-zA-Z_]\w{0,50}$/), text, { maxKeys: 20 })
  // The alphabets are made with the first word, and a process that is held up takes no callers.
  fc.sample(fields, 1)
  const house = await startHouse(locked)
  const isSound = fc.asyncProperty(fields, extra, async (hostile, query) => {
    const search = new URLSearchParams(query).toString()
    const token = expectStream(await ask(house, { ...hostile, CallSid: 'CA1' }, search === '' ? '' : `?${search}`))
    const claims = house.app.calls.tokens.redeem(token, 'CA1')
    if (typeof claims === 'string') return expect.fail(claims)
    // What XML could not carry is gone; the rest is the caller's, from its beginning.
    expect(hostile.From.toWellFormed().replace(new RegExp(NOT_XML, 'g'), '')).toContain(
      (claims.from ?? '').slice(0, 20)
    )
    for (const value of [claims.from, claims.to, claims.direction])
      expect((value ?? '').length).toBeLessThanOrEqual(128)
  })
  await fc.assert(isSound, { numRuns: 150 })
  expect(house.model.handshakes.all).toHaveLength(1)
})

test('whatever a stranger sends, no webhook answers them, and no model is opened', async () => {
  const token = fc.stringMatching(/^[!-~]{1,40}$/)
  const path = fc.oneof(
    fc.constantFrom('/incoming-call', '/call-ended', '/transfer-summary', '/media-stream', '/media-stream/'),
    fc.constantFrom(
      '//incoming-call',
      '/incoming-call/',
      '/./incoming-call',
      '/incoming-call;a',
      '/INCOMING-CALL',
      '/%69ncoming-call'
    ),
    fc.stringMatching(/^\/(incoming-call|call-ended)[!-~]{0,30}$/).map((rest) => `http://evil.example.com${rest}`),
    fc.stringMatching(/^\/incoming-call\?[!-~]{0,60}$/)
  )
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE'),
    path,
    host: fc.oneof(fc.constant('localhost'), fc.constant('agent.example.com:5050'), token),
    headers: fc.dictionary(
      fc.constantFrom(
        'X-Twilio-Signature',
        'X-Forwarded-Host',
        'X-Forwarded-Proto',
        'X-Forwarded-For',
        'Forwarded',
        'X-HTTP-Method-Override',
        'Content-Type',
        'Accept'
      ),
      fc.oneof(token, fc.constant(PUBLIC), fc.constant(sign(`${PUBLIC}/other`)), fc.constant(FORM['Content-Type']))
    ),
    body: fc.oneof(fc.constant(''), fc.constant(new URLSearchParams(RINGING).toString()), fc.string(), fc.json())
  })
  // Fewer than the limit on refusals, which would answer the rest.
  for (let round = 0; round < 4; round += 1) {
    const house = await startHouse({ env: { ...locked.env, FALLBACK_NUMBER: '+15551230009' } })
    const isRefused = fc.asyncProperty(request, async ({ method, path, host, headers, body }) => {
      const stranger = new Stranger(house.url)
      stranger.write(httpRequest(`${method} ${path}`, { Host: host, ...headers }, body))
      expect([400, 403, 404, 413, 415, 417, 426]).toContain(await stranger.status())
      expect(stranger.heard).not.toContain('+15551230009')
      stranger.leave()
    })
    await fc.assert(isRefused, { numRuns: 50 })
    expect(house.model.handshakes.all).toEqual([])
    expect(house.app.calls.warm.size).toBe(0)
    expect(house.log.all.filter(({ level }) => level >= 50)).toEqual([])
  }
})
