import { expect, test } from 'vitest'
import * as cues from '../../src/agent/cues.ts'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { startHouse } from '../house.ts'
import { AUTH_TOKEN, FORM, sign } from './stranger.ts'

const PATHS = ['/', '/health', '/ready', '/nowhere', '/incoming-call', '/call-ended', '/media-stream']

test.each(PATHS)('%s tells a browser to keep to it, and nobody what it runs on', async (path) => {
  const house = await startHouse({ env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } })
  const { headers } = await fetch(`${house.url}${path}`)
  expect(headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(headers.get('content-security-policy')).not.toContain('upgrade-insecure-requests')
  expect(Object.fromEntries(headers)).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'strict-transport-security': expect.not.stringContaining('includeSubDomains'),
    'cache-control': 'no-store'
  })
  for (const name of ['server', 'x-powered-by', 'access-control-allow-origin']) expect(headers.get(name)).toBeNull()
})

test.each([
  ['is not there', '/nowhere', 404],
  ['cannot be read', '/%zz', 400],
  ['is forbidden', '/incoming-call', 403]
])('a page that %s is a status without a word', async (_what, path, status) => {
  const house = await startHouse({ env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } })
  const reply = await fetch(`${house.url}${path}`)
  expect([reply.status, await reply.text()]).toEqual([status, ''])
})

test.each(['GET', 'POST'] as const)('an error of ours is told to the log alone, after a %s', async (method) => {
  const log: string[] = []
  const app = await buildApp(loadConfig({ OPENAI_API_KEY: 'sk', TWILIO_AUTH_TOKEN: AUTH_TOKEN }), {
    logTo: { write: (line) => log.push(line) }
  })
  app.route({
    method,
    url: '/broken',
    handler: () => {
      throw new Error('connect ECONNREFUSED db.internal')
    }
  })
  const reply = await app.inject({ method, url: '/broken' })
  expect([reply.statusCode, reply.body]).toEqual([500, ''])
  expect(log.join()).toContain('db.internal')
  await app.close()
})

test('an error inside a webhook is an apology to the caller, and told to the log alone', async () => {
  const house = await startHouse({ env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN }, provokes: ['the log'] })
  house.app.calls.next = () => {
    throw new Error('connect ECONNREFUSED db.internal')
  }
  const params = { CallSid: 'CA1' }
  const signature = sign(`${house.url}/call-ended`, params)
  const headers = { ...FORM, 'X-Twilio-Signature': signature }
  const reply = await fetch(`${house.url}/call-ended`, {
    method: 'POST',
    headers,
    body: `${new URLSearchParams(params)}`
  })
  const twiml = await reply.text()
  expect([reply.status, twiml]).toEqual([200, expect.stringContaining(cues.apology)])
  expect(twiml).not.toMatch(/Error|at |db\.internal/)
})
