import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseTwiml } from '../simulator/telephone/twiml.ts'
import * as cues from '../src/agent/cues.ts'
import { apologyTwiml } from '../src/twilio/twiml.ts'
import { startHouse } from './house.ts'
import { startProxy } from './proxy.ts'
import { startServer } from './server-process.ts'

const BILLING = '+15550123001'
const FALLBACK = '+15550123009'
const env = { TWILIO_AUTH_TOKEN: 'secret', TRANSFER_TARGETS: `billing=${BILLING}`, FALLBACK_NUMBER: FALLBACK }
const at = (url: string, host: string) => ({ url, publicUrl: `https://${host}`, authToken: 'secret' })

/** What Twilio has been told, each from the name it asked. */
const askedAt = (webhooks: readonly { url: string }[]) => webhooks.map(({ url }) => url.replace('https://', ''))

describe('an old and a new process behind a proxy (docs/deploying.md)', { timeout: 40_000 }, () => {
  test('each with a name of its own: the old one puts its caller through while it drains, the new one answers', async () => {
    const [blue, green] = await Promise.all([startServer(env), startHouse({ env })])
    const proxy = await startProxy((host) => (host.startsWith('blue.') ? blue.url : green.url))
    const { phone, session } = await blue.connect(at(proxy, 'blue.example.com'))
    await blue.drain('SIGTERM')
    const next = await green.connect(at(proxy, 'green.example.com'))
    await session.callTool('put_through', { person: 'billing', reason: '' })
    expect(await phone.ended).toMatchObject({ by: 'server', dialled: [BILLING], errors: [] })
    expect(phone.said.all).toEqual([])
    expect(askedAt(phone.webhooks.all)).toEqual([
      'blue.example.com/incoming-call',
      'blue.example.com/call-ended',
      'blue.example.com/call-ended'
    ])
    expect(await blue.exit).toEqual({ code: 0, complaints: '' })
    next.phone.hangUp()
    expect(askedAt(next.phone.webhooks.all)).toEqual(['green.example.com/incoming-call'])
  })

  test('under one name that leads to the new one: a caller of the old one reaches a person and is not cut off', async () => {
    const [old, fresh] = await Promise.all([startServer(env), startHouse({ env })])
    let ready = old.url
    const proxy = await startProxy(() => ready)
    const { phone, session } = await old.connect(at(proxy, 'agent.example.com'))
    await old.drain('SIGTERM')
    ready = fresh.url
    await session.callTool('put_through', { person: 'billing', reason: '' })
    expect(await phone.ended).toMatchObject({ by: 'server', dialled: [FALLBACK], errors: [] })
    expect(phone.said.all[0]).toContain(cues.apology)
    expect(await fresh.log.next(({ level }) => level === 40)).toMatchObject({ callSid: phone.callSid })
  })
})

test('what Twilio says when no server answers is what the server says when it cannot go on', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/deploying.md'), 'utf8')
  const [, twiml = ''] = /```xml\n(.*?)```/s.exec(page) ?? []
  expect(parseTwiml(twiml)).toEqual(parseTwiml(apologyTwiml(FALLBACK)))
})
