import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { PracticeModel } from '../../simulator/model/practice-model.ts'
import { runServer } from '../server-process.ts'
import { runCall } from '../simulator/run-call.ts'
import { FORM, httpRequest, RINGING, Stranger, UPGRADE } from './stranger.ts'

const form = new URLSearchParams(RINGING).toString()

/** A server as it starts where no TWILIO_AUTH_TOKEN is set. */
async function startUnset() {
  const model = await PracticeModel.listen()
  onTestFinished(() => model.close())
  const settings = { OPENAI_API_KEY: 'sk-practice', OPENAI_REALTIME_URL: model.url, GREETING: 'Say "Hello."' }
  const server = await runServer({ ...settings, HOST: '127.0.0.1', PORT: '0' })
  const url = await server.url()
  // Its tokens are on the disk by then.
  await server.log.next(({ msg }) => msg === 'the model')
  return { ...server, model, url }
}

/**
 * nginx with `proxy_pass` to the server and the Upgrade headers, and nothing else: it asks on loopback, by the server's
 * own Host, and says nothing of who asked. @returns where strangers reach it
 */
async function startProxy(server: string): Promise<string> {
  const { hostname, port, host } = new URL(server)
  const proxy = createServer((asked, reply) => {
    const { method, url: path, headers } = asked
    const forwarded = request({ hostname, port, method, path, headers: { ...headers, host } }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(reply)
    })
    asked.pipe(forwarded)
  })
  proxy.on('upgrade', ({ method, url, headers }, client, head) => {
    const upstream = connect(Number(port), hostname)
    const lines = Object.entries({ ...headers, host }).map(([name, value]) => `${name}: ${value}`)
    upstream.write([`${method} ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
    upstream.write(head)
    upstream.pipe(client).pipe(upstream)
    for (const end of [upstream, client]) end.on('error', () => {})
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}

test('behind a proxy that says nothing, a stranger gets no agent from a server without TWILIO_AUTH_TOKEN; npm run call signs with what it left on this machine', {
  timeout: 60_000
}, async () => {
  const server = await startUnset()
  const proxy = await startProxy(server.url)
  expect(await Stranger.ask(proxy, httpRequest('GET /health', {}))).toBe(200)
  for (const url of [proxy, server.url]) {
    const post = httpRequest('POST /incoming-call', { ...FORM, Connection: 'close' }, form)
    expect(await Stranger.ask(url, post)).toBe(403)
    expect(await Stranger.ask(url, httpRequest('GET /media-stream', UPGRADE))).toBe(403)
  }
  expect(server.model.handshakes.all).toEqual([])
  expect(await (await fetch(`${server.url}/ready`)).json()).toMatchObject({ calls: 0 })

  server.model.hearWords('Goodbye.')
  const ring = ['--url', server.url, '--say', 'Goodbye.', '--record', join(server.cwd, 'call.wav')]
  const refused = await runCall(ring, { DATA_DIR: join(server.cwd, 'nothing here') })
  expect(refused).toMatchObject({ code: 1, complaints: expect.stringContaining('wants a signature') })
  const { code, out, complaints } = await runCall(ring, { DATA_DIR: join(server.cwd, 'data') })
  expect({ code, complaints }, out).toEqual({ code: 0, complaints: '' })
  expect(server.model.handshakes.all).toHaveLength(1)
})
