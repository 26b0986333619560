import { expect, onTestFinished, test } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'

const TOKEN = 'the-token-of-the-console'
const bearer = { authorization: `Bearer ${TOKEN}` }

async function startApp() {
  const env = { OPENAI_API_KEY: 'sk-practice', TWILIO_AUTH_TOKEN: 't', CONSOLE_TOKEN: TOKEN, LOG_LEVEL: 'silent' }
  const app = await buildApp(loadConfig(env))
  onTestFinished(() => app.close())
  return app
}

const PATHS = ['', '/calls', '/calls/CA1', '/messages', '/numbers', '/health'].map((path) => `/console${path}`)

test.each(PATHS)('%s is the console, under a policy that allows its own scripts and styles alone', async (path) => {
  const app = await startApp()
  const { statusCode, headers, body } = await app.inject({ url: path, headers: bearer })
  expect(statusCode).toBe(200)
  expect(body).toContain('<script type="importmap">')
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; script-src 'self' 'sha256-[\w+/]{43}='; style-src 'self'; connect-src 'self'; /
  )
  expect(headers['cache-control']).toBe('no-store')
})

test('everything that the documents name is served to be kept for good, and only behind the door', async () => {
  const app = await startApp()
  const bodies = await Promise.all(PATHS.map(async (url) => (await app.inject({ url, headers: bearer })).body))
  const urls = new Set([...bodies.join().matchAll(/"(\/console\/[^"]+)"/g)].map(([, url = '']) => url))
  expect(urls.size).toBeGreaterThan(35)
  for (const url of urls) {
    const reply = await app.inject({ url, headers: bearer })
    const kept = 'public, max-age=31536000, immutable'
    expect([url, reply.statusCode, reply.headers['cache-control']]).toEqual([url, 200, kept])
    expect((await app.inject({ url })).statusCode).toBe(303)
  }
})

test.each([
  ['/console', '/api/calls?limit=8'],
  ['/console/calls?q=a%22b&fault=us', '/api/calls?q=a%22b&amp;fault=us'],
  ['/console/calls/CA1?at=5', '/api/calls/CA1'],
  ['/console/numbers?days=7', '/api/stats?days=7'],
  ['/console/numbers?days=%22%3E', '/api/stats?days=NaN']
])('%s asks for %s before its scripts run', async (path, asked) => {
  const app = await startApp()
  const { body } = await app.inject({ url: path, headers: bearer })
  expect(body).toContain(`<link rel="preload" as="fetch" crossorigin href="${asked}">`)
})

test('nothing else of the folders is served', async () => {
  const app = await startApp()
  const { body } = await app.inject({ url: '/console', headers: bearer })
  const page = /src="(\/console\/page-\w+\/)main\.js"/.exec(body)?.[1]
  const library = /"(\/console\/preact-\w+\/)preact\.mjs"/.exec(body)?.[1]
  expect([page, library]).toEqual([expect.any(String), expect.any(String)])
  const others = [
    `${page}tsconfig.json`,
    `${page}types.d.ts`,
    `${page}../page.ts`,
    `${page}%2e%2e/page.ts`,
    `${library}preact.mjs.map`,
    `${library}../package.json`
  ]
  for (const url of others) expect([url, (await app.inject({ url, headers: bearer })).statusCode]).toEqual([url, 404])
})
