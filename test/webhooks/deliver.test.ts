import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { newDelivery } from '../../src/store/new-delivery.ts'
import type { DeliveryRow } from '../../src/store/tables.ts'
import { Deliverer } from '../../src/webhooks/deliver.ts'
import { type House, startHouse } from '../house.ts'
import { aCall } from '../records/rows.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'
import { type Answer, receive, SECRET } from './receiver.ts'

const LIMIT_MS = 6_000

async function startDelivering(engine: (typeof ENGINES)[number], answer?: Answer) {
  const receiver = await receive(answer ? { answer } : {})
  const settings = await newStoreSettings(engine)
  const store = await open(settings)

  async function deliverer(node = 'node-1', retryMs = [20, 20]) {
    const own = await open(settings)
    const log = pino({ level: 'silent' })
    const options = { url: receiver.url, secrets: [SECRET], store: own, log, node, retryMs, hasWords: false }
    const started = new Deliverer(options)
    started.start()
    onTestFinished(() => started.close(100))
    return started
  }
  const rows = () => store.db.selectFrom('deliveries').selectAll().orderBy('id').execute()
  return {
    receiver,
    store,
    deliverer,
    rows,
    async add(...events: DeliveryRow[]) {
      await store.db.insertInto('deliveries').values(events).execute()
    },
    /** Waits until the outbox is as expected. */
    async becomes(expected: readonly object[]) {
      await expect.poll(rows, { timeout: LIMIT_MS, interval: 20 }).toMatchObject(expected)
    }
  }
}

const anAlert = (name = 'response') => newDelivery('alert.fired', { data: { name } })
const answers = (status: number, headers: Record<string, string> = {}) => {
  return (_: unknown, reply: ServerResponse) => reply.writeHead(status, headers).end()
}

test.each(ENGINES)('on %s, servers that share an outbox send each event once', async (engine) => {
  const { receiver, deliverer, add, rows } = await startDelivering(engine)
  await add(...Array.from({ length: 100 }, () => anAlert()))
  await Promise.all(['one', 'two', 'three'].map((node) => deliverer(node)))
  await expect
    .poll(async () => (await rows()).filter(({ state }) => state !== 'delivered').length, { timeout: LIMIT_MS })
    .toBe(0)
  expect(receiver.received.all).toHaveLength(100)
  expect(new Set(receiver.received.all.map(({ id }) => id)).size).toBe(100)
  expect(new Set((await rows()).map(({ takenBy }) => takenBy)).size).toBeGreaterThan(1)
})

test.each([
  ['a redirect, which is not followed', answers(302, { location: 'http://127.0.0.1:9/' }), 302],
  ['an answer of its own', answers(404), 404],
  ['no answer but a closed connection', (_: unknown, reply: ServerResponse) => reply.destroy(), null]
] as const)('a receiver that gives %s is tried again, and given up after the last wait', async (_, answer, status) => {
  const { receiver, deliverer, add, becomes } = await startDelivering('SQLite', answer)
  await add(anAlert())
  await deliverer()
  await becomes([{ state: 'dead', attempts: 3, status }])
  expect(new Set(receiver.received.all.map(({ id, body }) => id + body)).size).toBe(1)
  expect(receiver.received.all).toHaveLength(3)
})

test('an event that was given up is sent again when somebody asks for it', async () => {
  let isAway = true
  const { deliverer, add, becomes } = await startDelivering('SQLite', (_, reply) =>
    reply.writeHead(isAway ? 500 : 200).end()
  )
  const alert = anAlert()
  await add(alert)
  const sender = await deliverer()
  await becomes([{ state: 'dead' }])
  isAway = false
  expect(await sender.sendAgain(alert.id)).toBe(true)
  await becomes([{ state: 'delivered', status: 200, attempts: 1 }])
  expect(await sender.sendAgain('msg_unknown')).toBe(false)
})

test('what waited for an event goes as soon as that was sent again', async () => {
  let isAway = true
  const { receiver, store, deliverer, add, becomes } = await startDelivering('SQLite', (_, reply) =>
    reply.writeHead(isAway ? 500 : 204).end()
  )
  await store.db.insertInto('calls').values(aCall('CA1')).execute()
  const [started, ended] = (['call.started', 'call.ended'] as const).map((type) => newDelivery(type, { callId: 'CA1' }))
  if (!started || !ended) throw new Error('two events were made')
  await add(started, ended)
  const sender = await deliverer('node-1', [3_600_000])
  await becomes([{ state: 'pending', attempts: 1 }, { attempts: 0 }])
  isAway = false
  await sender.sendAgain(started.id)
  await becomes([{ state: 'delivered' }, { state: 'delivered' }])
  expect(receiver.types()).toEqual(['call.started', 'call.started', 'call.ended'])
})

test('the API sends an event again, and says why it cannot', async () => {
  const CONSOLE_TOKEN = 'a-token-of-the-console'
  const send = ({ app }: House, id: string) =>
    app.inject({
      ...{ method: 'POST', url: `/api/deliveries/${id}/send` },
      headers: { authorization: `Bearer ${CONSOLE_TOKEN}` }
    })
  const receiver = await receive()
  const store = await open(await newStoreSettings('SQLite'))
  const house = await startHouse({ env: { CONSOLE_TOKEN, ...receiver.env }, overrides: { store } })
  await house.connect()
  const { id } = await receiver.next('call.started')
  const stateOf = () => store.db.selectFrom('deliveries').select('state').where('id', '=', id).execute()
  await expect.poll(stateOf).toEqual([{ state: 'delivered' }])
  expect((await send(house, id)).json()).toEqual({ done: true })
  expect((await receiver.next('call.started')).id).toBe(id)
  expect((await send(house, 'msg_unknown')).statusCode).toBe(404)
  const other = { store: await open(await newStoreSettings('SQLite')) }
  const without = await send(await startHouse({ env: { CONSOLE_TOKEN }, overrides: other }), id)
  expect([without.statusCode, without.json().error.message]).toEqual([409, 'WEBHOOK_URL is not set'])
})

test('a receiver that is gone for good (410) gets nothing more, until somebody sends again', async () => {
  let status = 410
  const { receiver, deliverer, add, becomes } = await startDelivering('SQLite', (_, reply) =>
    reply.writeHead(status).end()
  )
  await add(anAlert('first'))
  const sender = await deliverer()
  await becomes([{ state: 'disabled', status: 410 }])
  const second = anAlert('second')
  await add(second)
  sender.wake()
  await becomes([{ state: 'disabled' }, { state: 'disabled', attempts: 0 }])
  expect(receiver.received.all).toHaveLength(1)
  status = 204
  await sender.sendAgain(second.id)
  await becomes([{ state: 'disabled' }, { state: 'delivered' }])
})

test('a receiver that asks for a pause gets it', async () => {
  let first = true
  const { receiver, deliverer, add } = await startDelivering('SQLite', (_, reply) => {
    reply.writeHead(first ? 429 : 204, first ? { 'retry-after': '1' } : {}).end()
    first = false
  })
  await add(anAlert('first'))
  const sender = await deliverer()
  const refused = await receiver.received.next()
  await add(anAlert('second'))
  sender.wake()
  for (const again of [await receiver.received.next(), await receiver.received.next()]) {
    expect(again.at - refused.at).toBeGreaterThanOrEqual(990)
  }
})

test('a slow receiver of one call does not hold up the others', async () => {
  const held: ServerResponse[] = []
  const { receiver, deliverer, add } = await startDelivering('SQLite', ({ data }, reply) => {
    if (data['name'] === 'slow') held.push(reply)
    else reply.writeHead(204).end()
  })
  await add(...Array.from({ length: 20 }, () => anAlert('slow')), anAlert('quick'))
  await deliverer()
  await receiver.received.next(({ data }) => data['name'] === 'quick')
  for (const reply of held) reply.writeHead(204).end()
})

test('what was cut off is sent again soon, and does not count as an attempt', async () => {
  const { receiver, deliverer, add, becomes } = await startDelivering('SQLite')
  // As a process leaves it that is killed while it sends: its lease is renewed no more.
  await add({ ...anAlert(), takenBy: 'dead', takenUntil: Date.now() + 700, attempts: 0, state: 'pending' })
  await deliverer()
  await becomes([{ state: 'delivered', attempts: 1 }])
  expect(receiver.received.all).toHaveLength(1)
})

test('a stop waits for what is being sent', async () => {
  const { receiver, deliverer, add, rows } = await startDelivering('SQLite', (_, reply) => {
    setTimeout(() => reply.writeHead(204).end(), 200)
  })
  await add(anAlert())
  const sender = await deliverer()
  await receiver.received.next()
  await sender.close(2_000)
  expect(await rows()).toMatchObject([{ state: 'delivered' }])
})

test('a stop does not wait for a receiver that says nothing, and the attempt does not count', async () => {
  const { receiver, deliverer, add, rows } = await startDelivering('SQLite', () => {})
  await add(anAlert())
  const sender = await deliverer()
  await receiver.received.next()
  await sender.close(50)
  expect(await rows()).toMatchObject([{ state: 'pending', attempts: 0, takenUntil: 0 }])
})

test('an address where nobody listens is tried again', async () => {
  const { store, add, becomes } = await startDelivering('SQLite')
  const nobody = createServer().listen(0)
  const { port } = nobody.address() as AddressInfo
  await new Promise((resolve) => nobody.close(resolve))
  await add(anAlert())
  const sender = new Deliverer({
    ...{ url: `http://127.0.0.1:${port}`, secrets: [SECRET], store, log: pino({ level: 'silent' }), node: 'one' },
    ...{ retryMs: [20], hasWords: false }
  })
  onTestFinished(() => sender.close(100))
  sender.start()
  await becomes([{ state: 'dead', attempts: 2, status: null }])
})
