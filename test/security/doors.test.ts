import { describe, expect, test } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { eventually, type House, startHouse } from '../house.ts'
import {
  AUTH_TOKEN,
  connections,
  FORM,
  httpRequest,
  PUBLIC,
  RINGING,
  Stranger,
  sign,
  TUNNEL,
  UPGRADE
} from './stranger.ts'

const locked = { env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } }
const EVERYBODYS = ['/', '/health', '/ready']
const WEBHOOKS = ['/incoming-call', '/call-ended', '/transfer-summary']
const form = new URLSearchParams(RINGING).toString()

/** Every route there is, as `METHOD /path`. */
function routesOf({ app }: House): string[] {
  const [, ...lines] = app.printRoutes({ commonPrefix: false }).split('\n')
  const routes = lines.flatMap((line) => {
    const [, name = '', methods = ''] = /── (\S+) \((.+)\)/.exec(line) ?? []
    return methods.split(', ').map((method) => `${method} /${name.replace(/^\/$/, 'media-stream/')}`)
  })
  return routes.filter((route) => !route.startsWith(' '))
}

const isStream = (route: string) => /\/media-stream\/?$/.test(route)

/** Nothing that costs anything has happened. */
function expectNothingOpened({ model, app }: House): void {
  expect(model.handshakes.all).toEqual([])
  expect([app.calls.live, app.calls.warm.size]).toEqual([0, 0])
}

describe('a stranger', () => {
  test('is refused on every route but the front page and the probes, however they ask', async () => {
    const house = await startHouse(locked)
    const locks = routesOf(house).filter((route) => !EVERYBODYS.includes(route.split(' ')[1] ?? ''))
    expect(locks).toEqual(expect.arrayContaining(WEBHOOKS.flatMap((url) => [`GET ${url}`, `POST ${url}`])))
    for (const route of locks) {
      const isPost = route.startsWith('POST')
      const headers = isPost ? FORM : isStream(route) ? UPGRADE : {}
      const status = await Stranger.ask(house.url, httpRequest(route, headers, isPost ? form : ''))
      expect([route, status]).toEqual([route, 403])
    }
    expectNothingOpened(house)
  })

  test('who is refused is told nothing, and the log says which URL was checked, without what only Twilio may know', async () => {
    const house = await startHouse(locked)
    const signature = sign(`${PUBLIC}/somewhere`)
    const stranger = new Stranger(house.url)
    stranger.write(
      httpRequest('POST /incoming-call?number=5', { ...TUNNEL, ...FORM, 'X-Twilio-Signature': signature }, form)
    )
    expect(await stranger.status()).toBe(403)
    expect(stranger.heard).toMatch(/\r\n\r\n$/)
    const line = await house.log.next(({ level }) => level === 40)
    expect(line).toMatchObject({ checkedUrl: `${PUBLIC}/incoming-call`, hasSignature: true })
    const log = JSON.stringify(house.log.all)
    for (const secret of [signature, AUTH_TOKEN, RINGING.From, 'number=5']) expect(log).not.toContain(secret)
  })

  const url = `${PUBLIC}/incoming-call`
  const forgeries: [string, string | undefined][] = [
    ['no signature', undefined],
    ['an empty one', ''],
    ['nonsense', '!'],
    ['one as long as a true one', 'bm90IHRoaXMgc2lnbmF0dXJlIQ=='],
    ['one of another account', sign(url, RINGING, 'another-token')],
    ['one for another caller', sign(url, { ...RINGING, From: '+15550000000' })],
    ['one for fewer fields', sign(url, { CallSid: RINGING.CallSid })],
    ['one for no fields', sign(url)],
    ['one for another path', sign(`${PUBLIC}/call-me`, RINGING)],
    ['one for another host', sign('https://evil.example.com/incoming-call', RINGING)],
    ['one for plain http', sign('http://agent.example.com/incoming-call', RINGING)],
    ['one for a URL with a query', sign(`${url}?a=1`, RINGING)],
    ['one of the stream', sign('wss://agent.example.com/media-stream')],
    ['a true one, and a letter', `${sign(url, RINGING)}A`],
    ['a true one, twice', `${sign(url, RINGING)}, ${sign(url, RINGING)}x`.split('').reverse().join('')]
  ]
  test.each(forgeries)('with %s is refused', async (_what, signature) => {
    const house = await startHouse(locked)
    const headers = signature === undefined ? {} : { 'X-Twilio-Signature': signature }
    const request = httpRequest('POST /incoming-call', { ...TUNNEL, ...FORM, ...headers }, form)
    expect(await Stranger.ask(house.url, request)).toBe(403)
    expectNothingOpened(house)
  })

  test('who writes a whole URL into the request line is refused like any other', async () => {
    const house = await startHouse({ env: { ...locked.env, FALLBACK_NUMBER: '+15551230009' } })
    for (const path of WEBHOOKS) {
      const headers = { Host: 'agent.example.com:5050', 'X-Twilio-Signature': 'x' }
      const stranger = new Stranger(house.url)
      stranger.write(httpRequest(`POST http://evil.example.com${path}`, headers))
      expect([path, await stranger.status()]).toEqual([path, 403])
      expect(stranger.heard).not.toContain('+15551230009')
    }
  })
})

describe('Twilio', () => {
  test.each(WEBHOOKS)('is let in at %s, by POST and by GET', async (path) => {
    const house = await startHouse(locked)
    const url = `${PUBLIC}${path}`
    const post = { ...TUNNEL, ...FORM, 'X-Twilio-Signature': sign(url, RINGING) }
    expect(await Stranger.ask(house.url, httpRequest(`POST ${path}`, post, form))).toBe(200)
    const get = { ...TUNNEL, 'X-Twilio-Signature': sign(`${url}?${form}`) }
    expect(await Stranger.ask(house.url, httpRequest(`GET ${path}?${form}`, get))).toBe(200)
  })

  const ways: [string, string, Record<string, string>, string | undefined][] = [
    ['by our own name', 'http://agent.example.com:5050', { Host: 'agent.example.com:5050' }, undefined],
    ['by an address of IPv6', 'http://[2001:db8::1]:5050', { Host: '[2001:db8::1]:5050' }, undefined],
    ['through ngrok', PUBLIC, { Host: 'localhost:5050', ...TUNNEL }, undefined],
    [
      'through a proxy that keeps the Host',
      PUBLIC,
      { Host: 'agent.example.com', 'X-Forwarded-Proto': 'https' },
      undefined
    ],
    [
      'through two proxies',
      PUBLIC,
      { Host: 'inner', 'X-Forwarded-Host': 'agent.example.com, inner', 'X-Forwarded-Proto': 'https, http' },
      undefined
    ],
    ['through a proxy that tells nothing', PUBLIC, { Host: '10.0.0.7:5050' }, PUBLIC],
    ['through a proxy that tells lies', PUBLIC, { Host: 'x', 'X-Forwarded-Host': 'evil.example.com' }, PUBLIC]
  ]
  test.each(ways)('is let in %s', async (_what, origin, headers, publicUrl) => {
    const house = await startHouse({ env: { ...locked.env, PUBLIC_URL: publicUrl } })
    const signed = { ...headers, ...FORM, 'X-Twilio-Signature': sign(`${origin}/incoming-call`, RINGING) }
    expect(await Stranger.ask(house.url, httpRequest('POST /incoming-call', signed, form))).toBe(200)
    const stream = `${origin.replace(/^https?/, 'wss')}/media-stream`
    const upgrade = { ...headers, ...UPGRADE, 'X-Twilio-Signature': sign(stream) }
    expect(await Stranger.ask(house.url, httpRequest('GET /media-stream', upgrade))).toBe(101)
  })
})

describe('the upgrade', () => {
  const stream = 'wss://agent.example.com/media-stream'
  const dial = (house: House, path: string, signature?: string, headers: Record<string, string> = UPGRADE) => {
    const signed = signature === undefined ? {} : { 'X-Twilio-Signature': signature }
    return Stranger.ask(house.url, httpRequest(`GET ${path}`, { ...TUNNEL, ...headers, ...signed }))
  }

  const forgeries: [string, string, string | undefined][] = [
    ['no signature', '/media-stream', undefined],
    ['nonsense', '/media-stream', 'bm90IHRoaXMgc2lnbmF0dXJlIQ=='],
    ['one of another account', '/media-stream', sign(stream, {}, 'another-token')],
    ['one for another host', '/media-stream', sign('wss://evil.example.com/media-stream')],
    ['one for https', '/media-stream', sign(`${PUBLIC}/media-stream`)],
    ['one of a webhook', '/media-stream', sign(`${PUBLIC}/incoming-call`, RINGING)],
    ['a query', '/media-stream?call=CA1', sign(stream)],
    ['a query that is signed', '/media-stream?call=CA1', sign(`${stream}?call=CA1`)],
    ['an empty query', '/media-stream?', sign(stream)],
    ['a query after the slash', '/media-stream/?', sign(`${stream}/`)]
  ]
  test.each(forgeries)('with %s is refused before anything is opened', async (_what, path, signature) => {
    const house = await startHouse(locked)
    expect(await dial(house, path, signature)).toBe(403)
    expectNothingOpened(house)
    expect(await house.log.next(({ level }) => level === 40)).toMatchObject({ checkedUrl: stream })
  })

  test.each([
    ['/media-stream', stream],
    ['/media-stream', `${stream}/`],
    ['/media-stream/', stream],
    ['/media-stream/', `${stream}/`]
  ])('is accepted at %s, signed as %s', async (path, signed) => {
    const house = await startHouse(locked)
    expect(await dial(house, path, sign(signed))).toBe(101)
  })

  test.each([
    ['the front page', 'GET /', {}, 404],
    ['a probe', 'GET /health', {}, 404],
    ['what is not there', 'GET /nowhere', {}, 404],
    ['a webhook', 'POST /incoming-call', { ...FORM, 'Content-Length': '100' }, 404],
    ['a URL that cannot be read', 'GET /%zz', {}, 400],
    ['another protocol', 'GET /media-stream', { Upgrade: 'h2c' }, 403]
  ])('of %s is answered, and its socket is closed', async (_what, line, headers, status) => {
    const house = await startHouse(locked)
    const stranger = new Stranger(house.url)
    stranger.write(httpRequest(line, { ...UPGRADE, ...headers }))
    expect(await stranger.status()).toBe(status)
    await stranger.closed()
    expectNothingOpened(house)
  })

  test('that is refused leaves no socket behind, whether its client reads the answer, leaves or does nothing', async () => {
    const house = await startHouse(locked)
    for (const behave of [() => {}, (one: Stranger) => one.stopReading(), (one: Stranger) => one.leave()]) {
      const stranger = new Stranger(house.url)
      behave(stranger)
      stranger.write(httpRequest('GET /media-stream', UPGRADE))
    }
    await house.log.next(({ level }) => level === 40)
    await eventually(
      () => connections(house),
      (open) => open === 0
    )
  })
})

describe('a request that looks as if it came from this machine', () => {
  const looks: [string, Record<string, string>][] = [
    ['localhost', { Host: 'localhost:5050' }],
    ['its address', { Host: '127.0.0.1' }],
    ['its address of IPv6', { Host: '[::1]:5050' }],
    ['a page of its own', { Host: 'localhost', Origin: 'http://localhost:3000', 'Sec-Fetch-Site': 'same-site' }],
    ['a page of another site', { Origin: 'https://evil.example.com', 'Sec-Fetch-Site': 'cross-site' }],
    ['a proxy that adds its address', { 'X-Forwarded-For': '127.0.0.1' }]
  ]
  test.each(looks)('by %s is refused like any other', async (_what, headers) => {
    const house = await startHouse(locked)
    const webhook = httpRequest('POST /incoming-call', { ...FORM, ...headers }, form)
    expect(await Stranger.ask(house.url, webhook)).toBe(403)
    expect(await Stranger.ask(house.url, httpRequest('GET /media-stream', { ...UPGRADE, ...headers }))).toBe(403)
    expectNothingOpened(house)
  })
})

describe('a server without TWILIO_AUTH_TOKEN', () => {
  const made = { env: { TWILIO_AUTH_TOKEN: undefined }, overrides: { authToken: AUTH_TOKEN } }

  test('checks signatures with the token that it is given in its place', async () => {
    const house = await startHouse(made)
    const url = `${house.url}/incoming-call`
    const ask = (signature: string) =>
      Stranger.ask(
        house.url,
        httpRequest('POST /incoming-call', { ...FORM, Host: new URL(url).host, 'X-Twilio-Signature': signature }, form)
      )
    expect(await ask(sign(url, RINGING, 'the token of an account'))).toBe(403)
    expectNothingOpened(house)
    expect(await ask(sign(url, RINGING))).toBe(200)
  })

  test('tells the log what to set when it refuses somebody', async () => {
    const house = await startHouse(made)
    expect(await Stranger.ask(house.url, httpRequest('POST /incoming-call', { ...FORM, ...TUNNEL }, form))).toBe(403)
    expect(await house.log.next(({ level }) => level === 40)).toMatchObject({
      msg: expect.stringContaining('set TWILIO_AUTH_TOKEN'),
      checkedUrl: `${PUBLIC}/incoming-call`
    })
  })

  test('and without one in its place is none', async () => {
    await expect(buildApp(loadConfig({ OPENAI_API_KEY: 'sk' }))).rejects.toThrow('TWILIO_AUTH_TOKEN')
  })
})
