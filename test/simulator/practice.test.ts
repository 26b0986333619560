import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { startScript } from './script-process.ts'

const LIMIT_MS = 30_000
const authToken = 'the token of this test'

test(
  'npm run practice serves calls without a key, speaks for the page’s telephone, and one signal ends it all',
  async () => {
    const { lines, ended, interrupt } = startScript('simulator/practice.ts', [], {
      PORT: '0',
      LOG_LEVEL: 'warn',
      TWILIO_AUTH_TOKEN: authToken,
      CONSOLE_TOKEN: authToken
    })
    const address = await lines.next((line) => line.startsWith('The server with the practice model'), 20_000)
    const url = address.match(/http:\S+/)?.[0] ?? ''
    expect(await lines.next()).toMatch(/^The practice model: ws:\/\/127\.0\.0\.1:\d+/)
    const console = await lines.next((line) => line.includes('/console'))
    // A link that signs in is for a terminal alone.
    expect(console.trim()).toBe(`http://localhost:${new URL(url).port}/console`)
    const headers = { authorization: `Bearer ${authToken}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ text: 'Thanks, goodbye.' })
    const spoken = await fetch(`${url}/api/phone/speech`, { method: 'POST', headers, body })
    expect((await spoken.arrayBuffer()).byteLength).toBeGreaterThan(4_000)
    const phone = await PhoneCall.ring({ url, authToken })
    onTestFinished(() => phone.hangUp())
    await phone.streaming
    await phone.frames.next(({ event }) => event === 'media')
    phone.hangUp()
    interrupt()
    expect(await ended).toBe(0)
    await expect(fetch(`${url}/ready`)).rejects.toThrow()
  },
  LIMIT_MS
)

test(
  'npm run practice on a port that is taken says so, and takes nobody else’s server for its own',
  async () => {
    const other = createServer((_, response) => response.end('ready')).listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { lines, ended } = startScript('simulator/practice.ts', [], { PORT: `${port}` })
    expect(await ended).toBe(1)
    expect(lines.all).toEqual([`PORT: ${port} is taken by another program; stop that one, or set PORT to another.`])
  },
  LIMIT_MS
)
