import type { AddressInfo } from 'node:net'
import cookie from '@fastify/cookie'
import type { InjectOptions } from 'fastify'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { ConsoleKey } from '../../src/plugins/console-key.ts'
import { explainError, requireOurs } from '../../src/plugins/ours-only.ts'

const TOKEN = 'the-token-of-the-console'
const config = loadConfig({
  OPENAI_API_KEY: 'sk-practice',
  TWILIO_AUTH_TOKEN: 'the-token-of-the-account',
  CONSOLE_TOKEN: TOKEN,
  LOG_LEVEL: 'silent'
})
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** The real server with a page, a route of the API's and a socket behind the door. */
async function newApp() {
  const app = await buildApp(config)
  await app.register(async (scope) => {
    await scope.register(cookie)
    scope.addHook('preValidation', requireOurs(config, new ConsoleKey(TOKEN)))
    scope.addHook('onSend', explainError)
    scope.get('/console/probe', async () => 'the page')
    scope.get('/api/probe', async () => ({ ours: true }))
    scope.post('/api/probe', async () => ({ changed: true }))
    scope.get('/api/probe-socket', { websocket: true }, (socket) => socket.send('ours'))
  })
  onTestFinished(() => app.close())
  return app
}

let app: Awaited<ReturnType<typeof newApp>>
beforeEach(async () => {
  app = await newApp()
})

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** The cookie of somebody who gave the token. */
async function signedIn(): Promise<string> {
  const { headers } = await app.inject({
    method: 'POST',
    url: '/console/login',
    headers: FORM,
    payload: `token=${TOKEN}`
  })
  return String(headers['set-cookie']).split(';', 1)[0] ?? ''
}

describe('without the token', () => {
  test('a route of the API’s answers 401 and says what it expects, in the API’s shape', async () => {
    const { statusCode, json } = await get('/api/probe')
    expect(statusCode).toBe(401)
    expect(json()).toEqual({ error: { code: 'unauthorized', message: expect.stringContaining('CONSOLE_TOKEN') } })
  })

  test('a page leads to the login, and back to itself afterwards', async () => {
    const { statusCode, headers } = await get('/console/probe?q=pizza&x=1')
    expect(statusCode).toBe(303)
    expect(headers['location']).toBe('/console/login?to=%2Fconsole%2Fprobe%3Fq%3Dpizza%26x%3D1')
    const login = await get(String(headers['location']))
    expect(login.body).toContain('value="/console/probe?q=pizza&amp;x=1"')
    const payload = new URLSearchParams({ token: TOKEN, to: '/console/probe?q=pizza&x=1' }).toString()
    const back = await app.inject({ method: 'POST', url: '/console/login', headers: FORM, payload })
    expect(back.headers['location']).toBe('/console/probe?q=pizza&x=1')
  })

  test.each(['wrong', '', TOKEN.slice(1), `${TOKEN}x`])('the token %j is refused', async (token) => {
    expect((await get('/api/probe', bearer(token))).statusCode).toBe(401)
  })

  test('a token in the URL opens nothing', async () => {
    expect((await get(`/api/probe?token=${TOKEN}&access_token=${TOKEN}`)).statusCode).toBe(401)
  })

  test('wrong tokens are slowed, counted, and after a minute’s worth refused unread', async () => {
    const began = performance.now()
    const guesses = await Promise.all(Array.from({ length: 70 }, (_, n) => get('/api/probe', bearer(`guess-${n}`))))
    expect(performance.now() - began).toBeGreaterThan(450)
    const counts = Map.groupBy(guesses, ({ statusCode }) => statusCode)
    expect(counts.get(401)?.length).toBe(60)
    expect(counts.get(429)?.[0]?.json()).toMatchObject({ error: { code: 'too_many_refusals' } })
  })

  test('an upgrade is refused', async () => {
    expect(await upgrade({})).toBe(401)
  })
})

test('with the token as Bearer a program gets in, whatever page it says it comes from', async () => {
  expect((await get('/api/probe', bearer(TOKEN))).json()).toEqual({ ours: true })
  expect((await get('/api/probe', { ...bearer(TOKEN), origin: 'https://tool.example' })).statusCode).toBe(200)
})

describe('the login', () => {
  test('sets a cookie that no script reads and no other site sends, and that holds no token', async () => {
    const headers = { ...FORM, 'x-forwarded-proto': 'https' }
    const login = await app.inject({ method: 'POST', url: '/console/login', headers, payload: `token=${TOKEN}` })
    const cookie = String(login.headers['set-cookie'])
    expect(cookie).toMatch(/^console-[0-9a-f]{8}=.*; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    expect(cookie).not.toContain(TOKEN)
    expect((await get('/console/probe', { cookie: await signedIn() })).body).toBe('the page')
  })

  test('says that a token is wrong, and runs no script', async () => {
    const login = await app.inject({ method: 'POST', url: '/console/login', headers: FORM, payload: 'token=wrong' })
    expect(login.statusCode).toBe(401)
    expect(login.body).toContain('That is not the console token.')
    expect(login.headers['set-cookie']).toBeUndefined()
    expect(login.headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-/)
  })

  test.each([
    '//evil.example',
    'https://evil.example/console',
    '/\\evil.example',
    '/console@evil',
    'javascript:alert(1)',
    '/'
  ])('leads to no other place: %s', async (to) => {
    const payload = new URLSearchParams({ token: TOKEN, to }).toString()
    const login = await app.inject({ method: 'POST', url: '/console/login', headers: FORM, payload })
    expect(login.headers['location']).toBe('/console')
  })

  test('from another site’s page is refused', async () => {
    const headers = { ...FORM, host: 'localhost:5050', origin: 'http://localhost:3000' }
    const login = await app.inject({ method: 'POST', url: '/console/login', headers, payload: `token=${TOKEN}` })
    expect(login.statusCode).toBe(403)
    expect(login.headers['set-cookie']).toBeUndefined()
  })

  test('a logout takes the cookie away', async () => {
    const { headers } = await app.inject({ method: 'POST', url: '/console/logout' })
    expect(headers['set-cookie']).toMatch(/^console-[0-9a-f]{8}=; .*Expires=Thu, 01 Jan 1970/)
  })
})

describe('a link', () => {
  const code = () => new ConsoleKey(TOKEN).newCode()

  test('lets in once', async () => {
    const url = `/console/login?code=${code()}`
    const first = await get(url)
    expect(first.statusCode).toBe(303)
    expect(first.headers['location']).toBe('/console')
    const cookie = String(first.headers['set-cookie']).split(';', 1)[0] ?? ''
    expect((await get('/console/probe', { cookie })).body).toBe('the page')
    const second = await get(url)
    expect(second.headers['set-cookie']).toBeUndefined()
    expect(second.body).toContain('This link was used before, or it is too old.')
  })

  test.each([
    ['of another token', () => new ConsoleKey('some-other-token-than-ours').newCode()],
    ['an hour old', () => new ConsoleKey(TOKEN, () => Date.now() - 3_600_001).newCode()],
    ['changed', () => code().replace(/^code\.\d/, 'code.9')],
    ['that is a session', () => new ConsoleKey(TOKEN).newSession()],
    ['without a signature', () => 'code.9999999999999.x.'],
    ['of nothing', () => '']
  ])('%s lets nobody in', async (_what, made) => {
    const { headers } = await get(`/console/login?code=${encodeURIComponent(made())}`)
    expect(headers['set-cookie']).toBeUndefined()
  })
})

describe('a session', () => {
  test.each([
    ['of another token', () => new ConsoleKey('some-other-token-than-ours').newSession()],
    ['a week old', () => new ConsoleKey(TOKEN, () => Date.now() - 7 * 24 * 3_600_000 - 1).newSession()],
    ['that is a link’s code', () => new ConsoleKey(TOKEN).newCode()]
  ])('%s opens nothing', async (_what, made) => {
    const cookie = `${new ConsoleKey(TOKEN).cookie}=${made()}`
    expect((await get('/api/probe', { cookie })).statusCode).toBe(401)
  })

  test.each<[string, InjectOptions['headers'], number]>([
    ['this server’s own page', { origin: 'http://localhost:5050', 'sec-fetch-site': 'same-origin' }, 200],
    ['a proxy’s address', { origin: 'https://agent.example', 'x-forwarded-host': 'agent.example' }, 200],
    ['another port of this machine', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, 403],
    ['another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['a sandboxed frame', { origin: 'null' }, 403],
    ['a page that hides itself', {}, 403]
  ])('changes something for %s: %s', async (_where, headers, status) => {
    const own = { host: 'localhost:5050', cookie: await signedIn(), ...headers }
    expect((await app.inject({ method: 'POST', url: '/api/probe', headers: own })).statusCode).toBe(status)
  })

  test('shows another page’s script nothing, and opens a page that was linked from there', async () => {
    const headers = { host: 'localhost:5050', cookie: await signedIn(), 'sec-fetch-site': 'same-site' }
    expect((await get('/api/probe', { ...headers, 'sec-fetch-mode': 'no-cors' })).statusCode).toBe(403)
    expect((await get('/console/probe', { ...headers, 'sec-fetch-mode': 'navigate' })).body).toBe('the page')
  })

  test('is looked for once more after a link of another site, with which browsers send no cookie', async () => {
    const { body } = await get('/console/probe', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })
    expect(body).toContain('http-equiv="refresh"')
  })

  test('opens a socket to this server’s own page alone, also under a name that points here', async () => {
    const cookie = await signedIn()
    expect(await upgrade({ cookie })).toBe(403)
    expect(await upgrade({ cookie, origin: 'https://evil.example' })).toBe(403)
    // A name of another site that was pointed at this machine: its pages have no cookie of ours.
    expect(await upgrade({ host: 'evil.example', origin: 'http://evil.example' })).toBe(401)
    expect(await upgrade({ cookie, host: 'localhost', origin: 'http://localhost' })).toBe('ours')
  })
})

test('without a token there is no console', async () => {
  const closed = await buildApp(
    loadConfig({ OPENAI_API_KEY: 'sk-practice', TWILIO_AUTH_TOKEN: 't', LOG_LEVEL: 'silent' })
  )
  onTestFinished(() => closed.close())
  expect((await closed.inject('/console/login')).statusCode).toBe(404)
})

test('a token of fewer than 16 characters stops the start', () => {
  const env = { OPENAI_API_KEY: 'sk-practice', CONSOLE_TOKEN: 'fifteen-letters' }
  expect(() => loadConfig(env)).toThrow('CONSOLE_TOKEN: expected at least 16 characters (see .env.example)')
})

/** The status of the refusal, or the first message. */
async function upgrade(headers: Record<string, string>): Promise<number | string> {
  if (!app.server.listening) await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/probe-socket`, { headers })
  onTestFinished(() => socket.terminate())
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode ?? 0))
    socket.on('message', (data) => resolve(String(data)))
  })
}
