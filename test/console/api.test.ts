import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import * as cues from '../../src/agent/cues.ts'
import { Calls, Erased, ErrorAnswer, Export, Health, Item, Items, Stats, WholeCall } from '../../src/console/schemas.ts'
import type { Store } from '../../src/store/open.ts'
import { hears, obliging, quiet, speak } from '../call/manners/scene.ts'
import { type House, isSaid } from '../house.ts'
import { aCall, anItem, aTurn } from '../records/rows.ts'
import { ENGINES } from '../stores.ts'
import { ask, get, refusal, startConsole } from './console.ts'

const NUMBER = '+15551230001'

/** Every route under `/api`, with a value for what stands in its path. */
async function routesOf(house: House): Promise<{ method: string; url: string }[]> {
  const { paths } = z
    .looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) })
    .parse((await ask(house, { url: '/api/openapi.json' })).json())
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), url: path.replace(/\{\w+\}/g, 'CA1') }))
  )
}

/** The rows of the audit, without their ids and times. */
const auditOf = ({ db }: Store) => db.selectFrom('audit').select(['action', 'calls', 'address']).orderBy('at').execute()

/** Waits until a look gives what is expected. */
async function becomes<T>(look: () => Promise<T>, expected: (value: T) => boolean): Promise<T> {
  let last: T | undefined
  await expect
    .poll(
      async () => {
        last = await look()
        return expected(last) ? 'so' : last
      },
      { timeout: 5_000, interval: 25 }
    )
    .toBe('so')
  return last as T
}

describe('the door', () => {
  test('is shut for whoever has no token, on every route, and says so in the API’s shape', async () => {
    const { house } = await startConsole()
    const routes = [...(await routesOf(house)), { method: 'GET', url: '/api/openapi.json' }]
    expect(routes.length).toBeGreaterThan(12)
    for (const { method, url } of [...routes, { method: 'GET', url: '/api/nowhere' }]) {
      const reply = await house.app.inject({ method: method as 'GET', url })
      expect([method, url, reply.statusCode]).toEqual([method, url, 401])
      expect(ErrorAnswer.parse(reply.json()).error.code).toBe('unauthorized')
    }
  })

  test('what is not there is a 404 in the same shape', async () => {
    const { house } = await startConsole()
    for (const url of ['/api/nowhere', '/api/calls/CA1/nowhere', '/api/calls/CA1', '/api/calls/CA1/recording']) {
      expect(await refusal(house, { url })).toMatchObject({ status: 404, code: 'not_found' })
    }
  })
})

test('the API describes itself: every route, with what it takes and gives', async () => {
  const { house } = await startConsole()
  const document = (await ask(house, { url: '/api/openapi.json' })).json()
  expect(document.openapi).toMatch(/^3\.1/)
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/api/calls', '/api/calls/{callSid}', '/api/callers/{number}', '/api/stats'])
  )
  const page = document.paths['/api/calls'].get
  expect(page.parameters.map(({ name }: { name: string }) => name)).toEqual([
    ...['reason', 'fault', 'agent', 'number', 'minResponseMs', 'q', 'limit', 'cursor']
  ])
  const call = page.responses['200'].content['application/json'].schema.properties.calls.items
  expect(Object.keys(call.properties)).toEqual(expect.arrayContaining(['callSid', 'endReason', 'costUsd']))
})

describe.each(ENGINES)('on %s', (engine) => {
  test('a call that was made is listed, told, exported, and gone when it is erased', async () => {
    const { house, store } = await startConsole(engine, { model: obliging() })
    const { phone, call, session } = await house.connect({ from: NUMBER })
    speak(session, 'Hello there.')
    await isSaid(call, 'You said: Hello there.')
    await quiet(call)
    const { callSid } = phone
    const running = await becomes(
      () => get(house, '/api/calls', Calls),
      ({ calls: [first] }) => first?.turns === 2
    )
    expect(running.calls).toMatchObject([{ callSid, from: NUMBER, endedAt: null, endReason: null, durationMs: null }])
    phone.hangUp()
    const ended = await becomes(
      () => get(house, `/api/calls/${callSid}`, WholeCall),
      (whole) => whole.call.endedAt !== null
    )
    expect(ended.call).toMatchObject({ endReason: 'caller_hung_up', fault: 'caller' })
    expect(ended.turns.map(({ who, text }) => [who, text])).toEqual([
      ['caller', 'Hello there.'],
      ['agent', 'You said: Hello there.']
    ])
    expect(ended.events.map(({ type }) => type)).toEqual(expect.arrayContaining(['accepted', 'live', 'ended']))
    expect(ended).toMatchObject({ result: null, deliveries: [] })

    const kept = await get(house, `/api/callers/${encodeURIComponent(NUMBER)}`, Export)
    expect(kept.calls.map((one) => one.call.callSid)).toEqual([callSid])
    const erased = await ask(house, { method: 'DELETE', url: `/api/calls/${callSid}` })
    expect(Erased.parse(erased.json())).toEqual({ calls: 1, items: 0 })
    for (const method of ['GET', 'DELETE'] as const) {
      expect(await refusal(house, { method, url: `/api/calls/${callSid}` })).toMatchObject({ status: 404 })
    }
    expect(await refusal(house, { url: `/api/callers/${NUMBER}` })).toMatchObject({ status: 404 })
    expect(await auditOf(store)).toEqual(
      expect.arrayContaining([
        { action: 'export', calls: 1, address: '127.0.0.1' },
        { action: 'erase', calls: 1, address: '127.0.0.1' }
      ])
    )
  })

  test('a caller is erased with everything, and is not there any more', async () => {
    const { house, store } = await startConsole(engine)
    await store.db
      .insertInto('calls')
      .values([aCall('CA1'), aCall('CA2', { from: '+15550000000' })])
      .execute()
    await store.db
      .insertInto('agentItems')
      .values(anItem('Call back.', { caller: NUMBER }))
      .execute()
    const reply = await ask(house, { method: 'DELETE', url: `/api/callers/${NUMBER}` })
    expect(Erased.parse(reply.json())).toEqual({ calls: 1, items: 1 })
    expect(await refusal(house, { url: `/api/callers/${NUMBER}` })).toMatchObject({ status: 404 })
    expect((await get(house, '/api/calls', Calls)).calls.map(({ id }) => id)).toEqual(['CA2'])
  })

  test('filters and pages go through the URL', async () => {
    const { house, store } = await startConsole(engine)
    const rows = Array.from({ length: 5 }, (_, at) =>
      aCall(`CA${at}`, { startedAt: at * 1_000, responseMaxMs: at * 1_000, fault: at % 2 ? 'us' : 'caller' })
    )
    await store.db.insertInto('calls').values(rows).execute()
    await store.db
      .insertInto('turns')
      .values(aTurn('CA3', { text: 'My tooth & crown' }))
      .execute()
    const idsOf = async (query: string) => (await get(house, `/api/calls?${query}`, Calls)).calls.map(({ id }) => id)
    expect(await idsOf('fault=us')).toEqual(['CA3', 'CA1'])
    expect(await idsOf('minResponseMs=3000')).toEqual(['CA4', 'CA3'])
    expect(await idsOf(`q=${encodeURIComponent('tooth & crown')}`)).toEqual(['CA3'])
    expect(await idsOf('reason=lost')).toEqual([])
    const first = await get(house, '/api/calls?limit=3', Calls)
    const second = await get(house, `/api/calls?limit=3&cursor=${first.next}`, Calls)
    expect([first, second].map((page) => page.calls.map(({ id }) => id))).toEqual([
      ['CA4', 'CA3', 'CA2'],
      ['CA1', 'CA0']
    ])
    expect(second.next).toBeNull()
  })

  test('what the agent took is read, marked as done and deleted', async () => {
    const { house, store } = await startConsole(engine)
    const items = [
      anItem('Call Sam back.', { key: 'm1', at: 3_000, caller: NUMBER, callId: 'CA1' }),
      anItem('Buy milk.', { key: 'm2', at: 2_000 }),
      anItem('Cleaning', { kind: 'appointment', key: '2026-12-01 09:00', at: 1_000 })
    ]
    await store.db.insertInto('agentItems').values(items).execute()
    const first = await get(house, '/api/items?limit=2', Items)
    expect(first.items).toMatchObject([
      { kind: 'message', key: 'm1', caller: NUMBER, callId: 'CA1', doneAt: null, data: { text: 'Call Sam back.' } },
      { key: 'm2' }
    ])
    const rest = await get(house, `/api/items?limit=2&cursor=${first.next}`, Items)
    expect(rest).toMatchObject({ items: [{ kind: 'appointment' }], next: null })
    expect((await get(house, '/api/items?kind=appointment', Items)).items).toHaveLength(1)

    const mark = (done: boolean) => ask(house, { method: 'PATCH', url: '/api/items/message/m1', payload: { done } })
    const { doneAt } = Item.parse((await mark(true)).json())
    expect(Math.abs(Date.parse(doneAt ?? '') - Date.now())).toBeLessThan(60_000)
    expect(Item.parse((await mark(true)).json()).doneAt).toBe(doneAt)
    expect(Item.parse((await mark(false)).json()).doneAt).toBeNull()

    const appointment = `/api/items/appointment/${encodeURIComponent('2026-12-01 09:00')}`
    expect((await ask(house, { method: 'DELETE', url: appointment })).statusCode).toBe(200)
    expect(await refusal(house, { method: 'DELETE', url: appointment })).toMatchObject({ status: 404 })
    expect(await auditOf(store)).toMatchObject([{ action: 'erase', calls: 0 }])
  })

  test('the days’ figures are those of the calls, by agent, with the slowest answers', async () => {
    const { house, store } = await startConsole(engine)
    const today = new Date().setUTCHours(0, 0, 0, 0)
    const rows = [
      aCall('CA1', { startedAt: today + 1, fault: 'us' }),
      aCall('CA2', { startedAt: today + 2 }),
      aCall('CA3', { startedAt: today + 3, agent: 'Billing', endedAt: null, endReason: null, fault: null }),
      aCall('CA4', { startedAt: today - 86_400_000 }),
      aCall('old', { startedAt: today - 40 * 86_400_000 })
    ]
    await store.db.insertInto('calls').values(rows).execute()
    const answer = (callId: string, id: string, ms: number, tool = 0) =>
      aTurn(callId, { id, who: 'agent', agent: 'Triage', voiceEnd: 1_000, heard: 1_000 + ms, tool })
    const turns = [
      ...Array.from({ length: 10 }, (_, at) => answer('CA1', `a${at}`, 500 + at * 100)),
      ...[answer('CA2', 'slow', 4_000.4), answer('CA2', 'with a tool', 9_000, 1), answer('CA4', 'yesterday', 800)],
      aTurn('CA2', { id: 'greeting', who: 'agent', heard: 400 })
    ]
    await store.db.insertInto('turns').values(turns).execute()
    const counts = { textIn: 0, audioIn: 0, cachedText: 0, cachedAudio: 0, textOut: 0, audioOut: 1_000_000, seconds: 0 }
    const usage = { callId: 'CA1', stream: 'MZ1', seq: 1, responseId: 'r', model: 'gpt-realtime-2.1', ...counts }
    await store.db.insertInto('usage').values(usage).execute()

    const { days, slowest } = await get(house, '/api/stats?days=2', Stats)
    const day = new Date(today).toISOString().slice(0, 10)
    expect(days).toHaveLength(3)
    const of = (agent: string, onDay: string) => days.find((one) => one.agent === agent && one.day === onDay)
    expect(of('Triage Agent', day)).toMatchObject({
      ...{ calls: 2, durationMs: 120_000, faults: { us: 1, caller: 1 } },
      responseMs: { n: 11, p50: 1_000, p90: 1_400, max: 4_000 },
      costUsd: expect.any(Number)
    })
    expect(of('Triage Agent', day)?.costUsd).toBeGreaterThan(1)
    expect(of('Billing', day)).toMatchObject({ calls: 1, durationMs: 0, faults: {}, responseMs: { n: 0, p50: null } })
    expect(slowest).toHaveLength(10)
    expect(slowest[0]).toMatchObject({ callId: 'CA2', turn: 'slow', responseMs: 4_000.4, atMs: 1_000, agent: 'Triage' })
    expect(slowest.map(({ turn }) => turn)).not.toContain('with a tool')
  })

  test('the table for a spreadsheet has every call that was asked for, and no cell is a formula', async () => {
    const { house, store } = await startConsole(engine)
    const hostile = ['=cmd()', '+1', '-1', '@x', '\tx', '\rx', 'a "quoted", name\nof two lines']
    const rows = hostile.map((agent, at) => aCall(`CA${at}`, { agent, startedAt: at, from: NUMBER }))
    const many = Array.from({ length: 205 }, (_, at) => aCall(`CB${at}`, { startedAt: 1_000 + at, fault: 'us' }))
    await store.db
      .insertInto('calls')
      .values([...rows, ...many])
      .execute()
    const reply = await ask(house, { url: '/api/calls.csv?fault=caller' })
    expect(reply.headers['content-type']).toMatch(/^text\/csv/)
    const [heading, ...lines] = reply.body.split('\r\n')
    expect(heading).toMatch(/^id,callSid,direction,from,to,agent,startedAt,/)
    expect(lines.filter((line) => line.startsWith('CA'))).toHaveLength(7)
    for (const name of ["'=cmd()", "'+1", "'-1", "'@x", "'\tx", `"'\rx"`, '"a ""quoted"", name\nof two lines"']) {
      expect(reply.body).toContain(`,${name},`)
    }
    expect(reply.body).toContain(`,'${NUMBER},`)
    const all = await ask(house, { url: '/api/calls.csv' })
    expect(all.body.trim().split('\r\n')).toHaveLength(213)
    expect(await auditOf(store)).toEqual([
      { action: 'export', calls: 7, address: '127.0.0.1' },
      { action: 'export', calls: 212, address: '127.0.0.1' }
    ])
  })
})

describe('an operator', () => {
  const env = { TRANSFER_TARGETS: 'billing=+15551230007' }
  const act = (house: House, callSid: string, what: string, payload: object = {}) =>
    ask(house, { method: 'POST', url: `/api/calls/${callSid}/${what}`, payload })

  test('has the agent say something to the caller', async () => {
    const { house } = await startConsole('SQLite', { model: obliging() })
    const { phone, call } = await house.connect()
    expect((await act(house, phone.callSid, 'say', { text: 'The doctor is late.' })).json()).toEqual({ done: true })
    await isSaid(call, cues.operatorSays('The doctor is late.'))
    await hears(phone, 390)
  })

  test('ends a call, and the caller hears a goodbye first', async () => {
    const { house, store } = await startConsole('SQLite', { model: obliging() })
    const { phone } = await house.connect()
    expect((await act(house, phone.callSid, 'end')).statusCode).toBe(200)
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(await house.records.next()).toMatchObject({ endReason: 'operator_hung_up', turns: 1 })
    await becomes(
      () => store.db.selectFrom('calls').select(['endReason', 'fault']).executeTakeFirst(),
      (row) => row?.fault === 'operator'
    )
    expect(await refusal(house, { method: 'POST', url: `/api/calls/${phone.callSid}/end` })).toMatchObject({
      status: 409,
      code: 'not_running'
    })
  })

  test('puts a caller through to a person of TRANSFER_TARGETS, and to nobody else', async () => {
    const { house } = await startConsole('SQLite', { env, model: obliging() })
    const { phone } = await house.connect()
    const url = `/api/calls/${phone.callSid}/transfer`
    const to = (target: string) => refusal(house, { method: 'POST', url, payload: { target } })
    expect(await to('+15550009999')).toMatchObject({ status: 400, message: 'target: expected one of billing' })
    expect((await act(house, phone.callSid, 'transfer', { target: 'billing' })).statusCode).toBe(200)
    expect(await phone.ended).toMatchObject({ dialled: ['+15551230007'] })
  })

  test('can do nothing to a call that is over, runs elsewhere or never was', async () => {
    const { house, store } = await startConsole()
    await store.db
      .insertInto('calls')
      .values([aCall('CA1'), aCall('CA2', { node: 'another', endedAt: null, endReason: null })])
      .execute()
    const end = (callSid: string) => refusal(house, { method: 'POST', url: `/api/calls/${callSid}/end` })
    expect(await end('CA1')).toMatchObject({ status: 409, message: 'this call is over' })
    expect(await end('CA2')).toMatchObject({ status: 409, message: 'this call runs on another server, another' })
    expect(await end('CA3')).toMatchObject({ status: 404 })
  })
})

test('health shows every setting in force and no secret, and how near the limits are', async () => {
  const secrets = { OPENAI_API_KEY: 'sk-secret', TWILIO_AUTH_TOKEN: 'secret-of-twilio' }
  const { house } = await startConsole('SQLite', { env: { ...secrets, TRANSFER_TARGETS: 'billing=+15551230007' } })
  const { phone } = await house.connect()
  const reply = await ask(house, { url: '/api/health' })
  const health = Health.parse(reply.json())
  expect(health).toMatchObject({ lines: { used: 1, limit: 100 }, store: { engine: 'SQLite' }, isReady: true })
  expect(health.store.disk?.freeBytes).toBeGreaterThan(0)
  expect(health.connections.used).toBeGreaterThan(0)
  expect(health.settings).toMatchObject({
    ...{ OPENAI_API_KEY: 'set', TWILIO_AUTH_TOKEN: 'set', CONSOLE_TOKEN: null, MAX_CALLS: 100 },
    ...{ TRANSFER_TARGETS: ['billing'], RECORDING: 'off' }
  })
  for (const secret of [...Object.values(secrets), '+15551230007']) expect(reply.body).not.toContain(secret)
  phone.hangUp()
})

test('the log has the route’s pattern, and no number or word from a path', async () => {
  const { house } = await startConsole()
  for (const url of [`/api/callers/${NUMBER}`, `/api/calls?number=%2B15551230001&q=tooth`, '/api/callers/x/tooth']) {
    await ask(house, { url })
  }
  const lines = house.log.all.filter(({ msg }) => msg === 'request')
  expect(lines.map(({ path }) => path)).toEqual(['/api/callers/:number', '/api/calls', '/api/*'])
  expect(JSON.stringify(house.log.all)).not.toMatch(/15551230001|tooth/)
})
