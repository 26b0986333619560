import { parse } from 'node:querystring'
import { describe, expect, test } from 'vitest'
import { parseTwiml } from '../../simulator/telephone/twiml.ts'
import * as cues from '../../src/agent/cues.ts'
import { type House, signed, startHouse, webhook } from '../house.ts'

const ring = { CallSid: 'CA1', From: '+15551230001', To: '+15551239999', Direction: 'inbound' }
const inTunnel = { authToken: 'secret', publicUrl: 'https://agent.example.com' }

describe('a caller', () => {
  test.each(['POST', 'GET'] as const)('whose webhook is a %s is connected to the agent', async (method) => {
    const house = await startHouse()
    const { phone: call, call: answered } = await house.connect({ method })
    expect(call.webhooks.all[0]).toMatchObject({ status: 200 })
    const { host } = new URL(house.url)
    expect(parseTwiml(call.webhooks.all[0]?.twiml ?? '')).toMatchObject([
      {
        name: 'Connect',
        attributes: { action: `http://${host}/call-ended` },
        children: [{ name: 'Stream', attributes: { url: `wss://${host}/media-stream` } }]
      }
    ])
    expect(call.customParameters).toMatchObject({ token: expect.any(String) })
    expect(answered.context).toMatchObject({ callSid: call.callSid, from: '+15551230001' })
  })

  test.each([
    ['nothing at all', undefined, ''],
    ['an empty form', 'application/x-www-form-urlencoded', ''],
    ['a form of nonsense', 'application/x-www-form-urlencoded', '%%%=&&&&%00=%zz&CallSid=&CallSid='],
    ['fields that are repeated', 'application/x-www-form-urlencoded', 'CallSid=CA1&CallSid=CA2&From=+1&From=+2']
  ])('of whom %s is told gets TwiML all the same', async (_what, type, payload) => {
    const house = await startHouse()
    const fields = type === undefined ? {} : parse(payload)
    const headers = { ...signed(house, '/incoming-call', fields), ...(type && { 'content-type': type }) }
    const reply = await house.app.inject({ method: 'POST', url: '/incoming-call', headers, payload })
    expect([reply.statusCode, reply.headers['content-type']]).toEqual([200, expect.stringMatching(/^text\/xml\b/)])
    expect(parseTwiml(reply.body)).toMatchObject([{ name: 'Connect' }])
  })

  test('whose number is made to break XML is connected', async () => {
    const house = await startHouse()
    const { call } = await house.connect({ from: 'sip:"><Hangup/>&\u0000\u0001@example.com', to: '</Response>' })
    expect(call.context.from).toBe('sip:"><Hangup/>&@example.com')
    expect(call.context.to).toBe('</Response>')
  })

  test('who withholds the number is connected as nobody', async () => {
    const house = await startHouse()
    const { call } = await house.connect({ from: '' })
    expect(call.context.from).toBeUndefined()
  })

  test('whose model cannot be reached still gets TwiML at once', async () => {
    const house = await startHouse({ env: { OPENAI_REALTIME_URL: 'ws://127.0.0.1:1/v1/realtime' } })
    expect(await webhook(house, ring)).toMatchObject([{ name: 'Connect' }])
  })

  test('brings what the number is set up with: lower-case names in the query of the webhook reach the agent', async () => {
    const house = await startHouse()
    const { phone, call } = await house.connect({ path: '/incoming-call?campaign=spring&CallSid=CAforged' })
    expect(call.context).toMatchObject({ callSid: phone.callSid, parameters: { campaign: 'spring' } })
  })
})

describe('the host that Twilio dials', () => {
  const urls = async (house: House) => {
    const url = '/incoming-call?CallSid=CA1'
    const reply = await house.app.inject({ method: 'GET', url, headers: signed(house, url) })
    const [connect] = parseTwiml(reply.body)
    return [connect?.attributes['action'], connect?.children[0]?.attributes['url']]
  }

  test('is the one that was asked', async () => {
    const house = await startHouse()
    expect(await urls(house)).toEqual(['http://localhost/call-ended', 'wss://localhost/media-stream'])
  })

  test('is the public one where one is set', async () => {
    const house = await startHouse({ env: { PUBLIC_URL: 'https://agent.example.com' } })
    expect(await urls(house)).toEqual(['https://agent.example.com/call-ended', 'wss://agent.example.com/media-stream'])
  })

  test("is the proxy's behind a tunnel, and the call goes through it", async () => {
    const house = await startHouse({ env: { TWILIO_AUTH_TOKEN: 'secret' } })
    const call = await house.ring(inTunnel)
    await call.streaming
    const [connect] = parseTwiml(call.webhooks.all[0]?.twiml ?? '')
    expect(connect?.attributes['action']).toBe('https://agent.example.com/call-ended')
    expect(connect?.children[0]?.attributes['url']).toBe('wss://agent.example.com/media-stream')
  })

  test('is the public one behind a proxy that tells nothing', async () => {
    const house = await startHouse({
      env: { TWILIO_AUTH_TOKEN: 'secret', PUBLIC_URL: 'https://agent.example.com' }
    })
    const silent = { Host: '10.0.0.7:5050', 'X-Forwarded-Host': '', 'X-Forwarded-Proto': '' }
    const { phone, call } = await house.connect({ ...inTunnel, headers: silent })
    expect(call.context.callSid).toBe(phone.callSid)
  })

  test.each(['[', 'a b', 'agent.example.com/x?', '"><Hangup/>', ':', '[::1', '%'])(
    'is never what a stranger writes: %s is 403',
    async (host) => {
      const { app } = await startHouse({ env: { TWILIO_AUTH_TOKEN: 'secret', FALLBACK_NUMBER: '+15551230009' } })
      for (const url of ['/incoming-call', '/call-ended']) {
        const headers = { 'x-forwarded-host': host, 'x-twilio-signature': 'x' }
        expect(await app.inject({ method: 'POST', url, headers })).toMatchObject({ statusCode: 403, body: '' })
      }
    }
  )
})

describe('exactly one opening', () => {
  const settings: [string, Record<string, string | undefined>, string[], boolean][] = [
    ['the greeting by default', { GREETING: undefined, ANSWER_SAY: undefined }, [], true],
    ['a greeting of your own', { GREETING: 'Say hello.', ANSWER_SAY: undefined }, [], true],
    ['<Say> without a greeting', { GREETING: '', ANSWER_SAY: undefined }, [cues.lineIsOpen], false],
    ['<Say> of your own', { GREETING: undefined, ANSWER_SAY: 'Welcome.' }, ['Welcome.'], false],
    ['<Say> of your own and no greeting', { GREETING: '', ANSWER_SAY: 'Welcome.' }, ['Welcome.'], false],
    ['none when both are empty', { GREETING: '', ANSWER_SAY: '' }, [], false]
  ]
  test.each(settings)('%s', async (_what, env, said, greets) => {
    const house = await startHouse({ env })
    const call = await house.ring()
    await call.streaming
    expect(call.said.all).toEqual(said)
    const session = await house.model.nextSession()
    // The agent can be told apart from nothing only by what comes after: an answer to the caller.
    if (greets) await session.receives('response.create')
    else await session.receives('session.update', ({ session: { audio } }) => audio !== undefined)
    await session.say({ ms: 40 })
    await call.frames.next(({ event }) => event === 'media')
    expect(session.received.all.filter(({ type }) => type === 'response.create')).toHaveLength(greets ? 1 : 0)
  })
})
