import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Call, Event, Turn } from '../../src/console/schemas.ts'
import { changesAfter, liveNow } from '../../src/records/feed.ts'
import { closeLost } from '../../src/records/nodes.ts'
import { intoCalls, intoWriters } from '../../src/store/rows.ts'
import { Writer } from '../../src/store/writer.ts'
import { obliging, says, speak } from '../call/manners/scene.ts'
import { eventually, journalOf } from '../house.ts'
import { aCall, anEvent, aTurn } from '../records/rows.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'
import { refusal, startConsole } from './console.ts'
import { follow } from './follower.ts'

/** The most a fact may be late on the wire. */
const LATE_MS = 1_000
const SHAPES = { call: Call, turn: Turn, event: Event }

describe.each(ENGINES)('on %s', (engine) => {
  test('what happens on a call is on the wire within a second, in the API’s shapes', async () => {
    const { house } = await startConsole(engine, { model: obliging(() => [says('We are open all day.', 600)]) })
    const reader = await follow(house)
    expect(reader.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const { phone, call, session } = await house.connect()
    const answeredAt = performance.now()
    const first = await reader.told.next(({ event, data }) => event === 'call' && data.callSid === phone.callSid)
    expect(first.at - answeredAt).toBeLessThan(LATE_MS)
    speak(session, 'Are you open?')
    const saidAt = performance.now()
    const question = await reader.told.next(({ event, data }) => event === 'turn' && data.turn.text === 'Are you open?')
    expect(question.at - saidAt).toBeLessThan(LATE_MS)
    await reader.told.next(({ event, data }) => event === 'turn' && data.turn.text === 'We are open all day.')
    phone.hangUp()
    await call.ended
    const endedAt = performance.now()
    const ended = await reader.told.next(({ event, data }) => event === 'call' && data.endedAt !== null)
    expect(ended.at - endedAt).toBeLessThan(LATE_MS)
    for (const { event, data } of reader.told.all) {
      const shape = SHAPES[event as keyof typeof SHAPES]
      shape.parse(event === 'call' ? data : data[event])
      expect(event === 'call' ? data.callSid : data.callSid).toBe(phone.callSid)
    }
    const types = reader.told.all.filter(({ event }) => event === 'event').map(({ data }) => data.event.type)
    expect(types).toEqual(expect.arrayContaining(['accepted', 'live']))
    expect(journalOf(call).length).toBeGreaterThan(types.length)
  })

  test('begins with the calls that run, as they are', async () => {
    const { house, store } = await startConsole(engine)
    await store.db
      .insertInto('nodes')
      .values({ id: 'another', seenAt: 1, leaseUntil: Date.now() + 60_000 })
      .execute()
    const running = { node: 'another', endedAt: null, endReason: null, fault: null } as const
    await store.db
      .insertInto('calls')
      .values([aCall('CA1', running), aCall('CA2', running), aCall('over')])
      .execute()
    const turns = Array.from({ length: 9 }, (_, at) => aTurn('CA2', { id: `t${at}`, startMs: at * 100 }))
    await store.db.insertInto('turns').values(turns).execute()
    const reader = await follow(house)
    await eventually(
      () => reader.told.all.length,
      (count) => count === 6
    )
    const [one, two, ...last] = reader.told.all.map(({ data }) => data)
    expect([one.callSid, two.callSid].sort()).toEqual(['CA1', 'CA2'])
    expect(last.map(({ turn }) => turn.id)).toEqual(['t5', 't6', 't7', 't8'])
  })

  test('goes on where a reader was, from the store: what came meanwhile is told, and what went before is not', async () => {
    const { house, store } = await startConsole(engine)
    const writer = new Writer(store, house.app.log, 'another-node')
    const write = async (from: number, count: number) => {
      for (let at = from; at < from + count; at += 1) {
        writer.call(aCall(`CA${at}`, { startedAt: at }))
        writer.event(anEvent(`CA${at}`, { data: JSON.stringify({ at }) }))
      }
      await writer.flush(5_000)
    }
    const reader = await follow(house)
    await write(0, 3)
    const idsIn = (follower: typeof reader) =>
      follower.told.all.filter(({ event }) => event === 'event').map(({ data }) => data.event.at as number)
    await eventually(
      () => idsIn(reader),
      (ids) => ids.length === 3
    )
    reader.leave()
    await reader.ended
    // More than is read at a time.
    await write(3, 450)
    const later = await follow(house, reader.lastId)
    await eventually(
      () => idsIn(later).length,
      (count) => count === 450
    )
    expect(idsIn(later)).toEqual(Array.from({ length: 450 }, (_, at) => at + 3))
    expect(later.told.all.some(({ data }) => data.id === 'CA0')).toBe(false)
  })

  test('a call whose process died is told as lost', async () => {
    const { house, store } = await startConsole(engine)
    const reader = await follow(house)
    await store.db
      .insertInto('calls')
      .values(aCall('CA1', { endedAt: null, endReason: null, node: 'dead' }))
      .execute()
    await closeLost(store)
    expect(await reader.told.next(({ data }) => data.endReason === 'lost')).toMatchObject({ event: 'call' })
  })
})

test('of two servers, the one that began first and commits last loses nothing', async () => {
  const settings = await newStoreSettings('PostgreSQL')
  const [slow, quick, reader] = await Promise.all([open(settings), open(settings), open(settings)])
  const { cursor } = await liveNow(reader)
  const stamp = (writer: string) => ({ writer, writerSeq: 1 })
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const first = slow.db.transaction().execute(async (transaction) => {
    await intoWriters(transaction, [{ id: 'slow', seq: 1, at: 1 }]).execute()
    await intoCalls(transaction, [{ ...aCall('CA1'), ...stamp('slow') }]).execute()
    begun.resolve()
    await goOn.promise
  })
  await begun.promise
  const writer = new Writer(quick, { error: console.error } as never, 'quick')
  writer.call(aCall('CA2'))
  await writer.flush(5_000)
  const one = await changesAfter(reader, cursor)
  expect(one.changes).toMatchObject([{ event: 'call', data: { id: 'CA2' } }])
  goOn.resolve()
  await first
  const two = await changesAfter(reader, one.cursor)
  expect(two.changes).toMatchObject([{ event: 'call', data: { id: 'CA1' } }])
  expect((await changesAfter(reader, two.cursor)).changes).toEqual([])
})

test('two transactions of the same writer are read in the order in which they were committed', async () => {
  const settings = await newStoreSettings('PostgreSQL')
  const [one, other, reader] = await Promise.all([open(settings), open(settings), open(settings)])
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const write = (seq: number, id: string, store: typeof one, meanwhile: () => Promise<void>) =>
    store.db.transaction().execute(async (transaction) => {
      await intoWriters(transaction, [{ id: 'w', seq, at: 1 }]).execute()
      await intoCalls(transaction, [{ ...aCall(id), writer: 'w', writerSeq: seq }]).execute()
      await meanwhile()
    })
  const first = write(1, 'CA1', one, async () => {
    begun.resolve()
    await goOn.promise
  })
  await begun.promise
  // It waits for the first one.
  const second = write(2, 'CA2', other, async () => {})
  expect((await changesAfter(reader, new Map())).changes).toEqual([])
  goOn.resolve()
  await Promise.all([first, second])
  expect((await changesAfter(reader, new Map())).changes.map(({ data }) => (data as { id: string }).id)).toEqual([
    ...['CA1', 'CA2']
  ])
})

describe('a reader', () => {
  test('gets a comment in time, so that the server does not take the stream for a stalled one', async () => {
    const { house } = await startConsole()
    const reader = await follow(house)
    await reader.comments.next(() => true, 7_000)
  })

  test('is let go first when the server stops', async () => {
    const { house } = await startConsole()
    const readers = [await follow(house), await follow(house)]
    const began = performance.now()
    await house.app.close()
    expect(await Promise.all(readers.map(({ ended }) => ended))).toEqual(['ended', 'ended'])
    expect(performance.now() - began).toBeLessThan(3_000)
  })

  test('who reads nothing costs no memory', async () => {
    const { house, store } = await startConsole()
    const accepted = once(house.app.server, 'connection') as Promise<[Socket]>
    const { port } = house.app.server.address() as AddressInfo
    const stuck = connect(port, '127.0.0.1').pause()
    onTestFinished(() => void stuck.destroy())
    stuck.write('GET /api/live HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer the-token-of-the-console\r\n\r\n')
    const [socket] = await accepted
    const reader = await follow(house)
    const writer = new Writer(store, house.app.log, 'another-node')
    const text = 'x'.repeat(60_000)
    for (let at = 0; at < 300; at += 1) {
      writer.call(aCall(`CA${at}`))
      writer.event(anEvent(`CA${at}`, { data: JSON.stringify({ text }) }))
    }
    await writer.flush(10_000)
    await eventually(
      () => reader.told.all.filter(({ event }) => event === 'event').length,
      (count) => count === 300,
      10_000
    )
    // 18 MB were to be sent. What the kernel took is not counted.
    expect(socket.writableLength).toBeLessThan(1_000_000)
  })

  test('with an id that is none is told so', async () => {
    const { house } = await startConsole()
    for (const id of ['x', 'bm9kZQ', '%00', 'a'.repeat(5_000)]) {
      const answer = await refusal(house, { url: '/api/live', headers: { 'last-event-id': id } })
      expect(answer).toMatchObject({ status: 400, message: expect.stringContaining('Last-Event-ID') })
    }
    const reply = await house.app.inject({ url: '/api/live' })
    expect(reply.statusCode).toBe(401)
  })
})
