import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { loadConfig } from '../../src/config.ts'
import { address, reach } from '../../src/doctor/address.ts'
import { probeStream, probeWebhook } from '../../src/doctor/probe.ts'
import { findPublicUrl } from '../../src/doctor/public-url.ts'
import { PROBE_HEADER, probeToken } from '../../src/twilio/probe.ts'
import { startHouse } from '../house.ts'
import { newFolder, newStoreSettings, open } from '../stores.ts'
import { startTlsProxy, trustProxy } from '../tls-proxy.ts'
import { jsonServer } from './json-server.ts'

const TOKEN = 'the-token-of-the-house'

/** A server behind a proxy with a certificate, as behind a tunnel. */
async function startBehindProxy(env: Record<string, string> = {}) {
  let port = 0
  const publicUrl = await startTlsProxy(() => port)
  const store = await open(await newStoreSettings('SQLite'))
  const house = await startHouse({ env: { PUBLIC_URL: publicUrl, ...env }, overrides: { store } })
  port = Number(new URL(house.url).port)
  const config = loadConfig({ OPENAI_API_KEY: 'sk-practice', PUBLIC_URL: publicUrl })
  const examined = (authToken: string) => reach(publicUrl, { config, authToken, localUrl: house.url }, authToken)
  return { ...house, publicUrl, store, examined }
}

const states = (findings: readonly { code: string; state: string }[]) =>
  findings.map(({ code, state }) => `${code} ${state}`)

test('a server that is reached through TLS is well, and its stream carries a second of frames', async () => {
  trustProxy()
  const { examined } = await startBehindProxy()
  const findings = await examined(TOKEN)
  expect(states(findings)).toEqual(['webhook ok', 'stream ok'])
  expect(findings[1]?.what).toMatch(/there and back in \d+ ms/)
})

test('the doctor takes no line, opens no model and leaves no record', async () => {
  trustProxy()
  const { examined, app, model, store, log } = await startBehindProxy({ MAX_CALLS: '1' })
  await examined(TOKEN)
  expect(app.calls.live).toBe(0)
  expect(app.calls.isExpecting(`CA${'0'.repeat(32)}`)).toBe(false)
  expect(model.handshakes.all).toEqual([])
  expect(await store.db.selectFrom('calls').selectAll().execute()).toEqual([])
  expect(log.all.filter(({ level }) => level > 30)).toEqual([])
})

test('a certificate that nobody has signed is bad', async () => {
  const { examined } = await startBehindProxy()
  expect(states(await examined(TOKEN))).toEqual(['tls bad'])
})

test('a wrong token, and an address that is known by another name, are bad', async () => {
  trustProxy()
  const { examined } = await startBehindProxy()
  expect(states(await examined('some-other-token'))).toEqual(['webhook bad'])
  const renamed = await startBehindProxy({ PUBLIC_URL: 'https://another.example' })
  expect(states(await renamed.examined(TOKEN))).toEqual(['webhook bad'])
})

test('an address at which nobody, or another program, answers is bad', async () => {
  trustProxy()
  const config = loadConfig({ OPENAI_API_KEY: 'sk-practice' })
  const other = await jsonServer(() => ({ hello: 'there' }))
  const subject = { config, authToken: TOKEN, localUrl: 'http://127.0.0.1:9' }
  expect(states(await reach(await startTlsProxy(() => other), subject, TOKEN))).toEqual(['webhook bad'])
  expect(states(await reach('http://127.0.0.1:9', subject, TOKEN))).toEqual(['webhook bad'])
})

test('another process of this software at the address is a warning', async () => {
  trustProxy()
  const { publicUrl, app } = await startBehindProxy()
  const elsewhere = await jsonServer(() => '<Response><Parameter name="process" value="another"/></Response>')
  const config = loadConfig({ OPENAI_API_KEY: 'sk-practice' })
  const findings = await reach(
    publicUrl,
    { config, authToken: TOKEN, localUrl: `http://127.0.0.1:${elsewhere}` },
    TOKEN
  )
  expect(states(findings)).toEqual(['webhook warn', 'stream ok'])
  expect(app.calls.live).toBe(0)
})

test('a proxy that passes no upgrade is bad', async () => {
  await expect(probeStream('ws://127.0.0.1:9/media-stream', TOKEN)).rejects.toThrow(/ECONNREFUSED/)
  const port = await jsonServer(() => ({}))
  await expect(probeStream(`ws://127.0.0.1:${port}/media-stream`, TOKEN)).rejects.toThrow(
    'the upgrade was answered 200'
  )
})

test('an address that only this machine reaches is bad, and none at all a warning', async () => {
  const at = (PUBLIC_URL: string) => {
    const config = loadConfig({ OPENAI_API_KEY: 'sk-practice', PUBLIC_URL })
    return address({ config, authToken: TOKEN, localUrl: 'http://127.0.0.1:9' })
  }
  for (const host of ['localhost', '127.0.0.1', '10.1.2.3', '192.168.1.2', '172.16.0.1', 'mac.local', '[::1]']) {
    expect(states(await at(`https://${host}`)), host).toEqual(['public_url bad'])
  }
  expect(states(await at(''))).toEqual(['public_url warn'])
})

test('the address of a tunnel is found where it shows itself', async () => {
  const { server } = loadConfig({ OPENAI_API_KEY: 'sk-practice', PORT: '5077' })
  const tunnels = [
    { proto: 'https', public_url: 'https://other.ngrok.app', config: { addr: 'http://localhost:3000' } },
    { proto: 'https', public_url: 'https://ours.ngrok.app', config: { addr: 'http://localhost:5077' } }
  ]
  const ngrok = await jsonServer((url) => (url === '/api/tunnels' ? { tunnels } : {}))
  const cloudflared = await jsonServer((url) => (url === '/quicktunnel' ? { hostname: 'ours.trycloudflare.com' } : {}))
  expect(await findPublicUrl({ server }, { ngrok: [ngrok], cloudflared: [] })).toEqual({
    ...{ url: 'https://ours.ngrok.app', from: 'ngrok' }
  })
  expect(await findPublicUrl({ server }, { ngrok: [9], cloudflared: [cloudflared] })).toEqual({
    ...{ url: 'https://ours.trycloudflare.com', from: 'cloudflared' }
  })
  expect(await findPublicUrl({ server }, { ngrok: [cloudflared], cloudflared: [ngrok] })).toBeUndefined()
})

test('nobody else’s probe is one: it is refused, or taken for a call', async () => {
  const { url } = await startHouse()
  expect((await probeWebhook(url, 'some-other-token')).status).toBe(403)
  const port = Number(new URL(url).port)
  for (const probe of [probeToken('some-other-token'), probeToken(TOKEN, Date.now() - 61_000), 'x']) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/media-stream`, { headers: { [PROBE_HEADER]: probe } })
    const status = await new Promise((resolve) =>
      socket.once('unexpected-response', (_request, answer) => resolve(answer.statusCode))
    )
    expect(status).toBe(403)
  }
})

test('an echo ends after five seconds', { timeout: 10_000 }, async () => {
  trustProxy()
  const { publicUrl } = await startBehindProxy()
  const { streamUrl = '' } = await probeWebhook(publicUrl, TOKEN)
  const began = performance.now()
  const { default: twilio } = await import('twilio/lib/webhooks/webhooks.js')
  const headers = {
    'x-twilio-signature': twilio.getExpectedTwilioSignature(TOKEN, streamUrl, {}),
    [PROBE_HEADER]: probeToken(TOKEN)
  }
  const socket = new WebSocket(streamUrl, { headers })
  await new Promise((resolve) => socket.once('close', resolve))
  expect(performance.now() - began).toBeGreaterThan(4_900)
  expect(performance.now() - began).toBeLessThan(7_000)
})

test('the console gets the same findings from the API', { timeout: 15_000 }, async () => {
  const overrides = { consoleToken: 'the-token-of-the-console' }
  const { url } = await startHouse({ env: { DATA_DIR: await newFolder() }, overrides })
  const answer = await fetch(`${url}/api/doctor`, { headers: { authorization: 'Bearer the-token-of-the-console' } })
  const { findings, worst } = (await answer.json()) as { findings: { code: string; state: string }[]; worst: string }
  expect(worst).toBe('warn')
  expect(states(findings)).toEqual(expect.arrayContaining(['model ok', 'public_url warn', 'account warn']))
})
