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

test('everything that the document names is served to be kept for good, and only behind the door', async () => {
  const app = await startApp()
  const { body } = await app.inject({ url: '/console', headers: bearer })
  const urls = new Set([...body.matchAll(/"(\/console\/[^"]+)"/g)].map(([, url = '']) => url))
  expect(urls.size).toBeGreaterThan(30)
  for (const url of urls) {
    const reply = await app.inject({ url, headers: bearer })
    expect([url, reply.statusCode, reply.headers['cache-control']]).toEqual([
      url,
      200,
      'public, max-age=31536000, immutable'
    ])
    expect((await app.inject({ url })).statusCode).toBe(303)
  }
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
