import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/agent/context.ts'
import { diary } from '../../src/agent/diary.ts'
import { erase } from '../../src/agent/erase.ts'
import { messageBook, takenMessages } from '../../src/agent/messages.ts'
import { type AgentStore, memoryStore, storeOf } from '../../src/agent/store.ts'
import { agentItems } from '../../src/records/agent-items.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'
import { fakeCall } from './rehearsal.ts'

const ANN = '+15551230001'
const BOB = '+15551230002'
const NOW = new Date('2026-01-14T03:00:00Z')
const WISH = { date: '2026-01-15', time: '10:00', name: 'Ann', reason: 'check-up', phone: ANN }

function call(store: AgentStore, callSid: string, from: string | undefined = ANN): Call {
  return fakeCall({ callSid, from, store: storeOf(() => ({ callSid, caller: from }), store) }).call
}

describe.each(ENGINES)('in %s', (engine) => {
  async function database() {
    const settings = await newStoreSettings(engine)
    return () => open(settings)
  }

  test('messages and bookings are there after a restart', async () => {
    const newServer = await database()
    const first = await newServer()
    const before = call(agentItems(first), 'CA1')
    await messageBook.add({ from: 'Ann', phone: ANN, text: 'Zero\u0000 and half of a pair\ud83d' }, before)
    expect(await diary.book(WISH, NOW, before)).toBe(true)
    await first.close()
    const after = call(agentItems(await newServer()), 'CA2')
    expect(await takenMessages(after.store)).toEqual([
      {
        ...{ from: 'Ann', phone: ANN, text: 'Zero\u0000 and half of a pair\ud83d' },
        ...{ at: expect.any(Number), callSid: 'CA1' }
      }
    ])
    expect(await diary.freeTimes(WISH.date, NOW, after)).not.toContain(WISH.time)
    expect(await diary.book(WISH, NOW, after)).toBe(false)
  })

  test('of callers who ask for one time on two servers exactly one gets it, each time', async () => {
    const newServer = await database()
    const [here, there] = [agentItems(await newServer()), agentItems(await newServer())]
    const times = await diary.freeTimes(WISH.date, NOW, call(here, 'CA1'))
    expect(times.length).toBeGreaterThan(15)
    const won = await Promise.all(
      times.flatMap((time) =>
        [call(here, 'CA1'), call(there, 'CA2', BOB)].map(async (one) => {
          return (await diary.book({ ...WISH, time }, NOW, one)) ? time : undefined
        })
      )
    )
    expect(won.filter((time) => time !== undefined).toSorted()).toEqual(times)
    expect(await diary.freeTimes(WISH.date, NOW, call(there, 'CA3'))).toEqual([])
  })

  test('a caller is erased, or one call, and nobody else', async () => {
    const newServer = await database()
    const store = agentItems(await newServer())
    for (const [callSid, from] of [
      ['CA1', ANN],
      ['CA2', ANN],
      ['CA3', BOB],
      ['CA4', undefined]
    ] as const) {
      await messageBook.add({ from: 'A', text: callSid }, call(store, callSid, from))
    }
    await diary.book(WISH, NOW, call(store, 'CA1'))
    const left = async () => (await takenMessages(store)).map(({ text }) => text)
    expect(await erase({ callSid: 'CA4' }, store)).toBe(1)
    expect(await left()).toEqual(['CA1', 'CA2', 'CA3'])
    expect(await erase({ caller: ANN }, store)).toBe(3)
    expect(await left()).toEqual(['CA3'])
    expect(await diary.freeTimes(WISH.date, NOW, call(store, 'CA5'))).toContain(WISH.time)
  })

  test('keys that begin alike are told apart', async () => {
    const newServer = await database()
    const store = agentItems(await newServer())
    for (const key of ['a_1', 'ab1', 'a_2', '%']) await store.add('note', key, {}, { callSid: 'CA1', caller: ANN })
    expect((await store.list('note', 'a_')).map(({ key }) => key)).toEqual(['a_1', 'a_2'])
    expect((await store.list('note')).length).toBe(4)
    expect(await store.list('other')).toEqual([])
  })

  test('of a call that was erased nothing more is kept, and the agent learns that it was not done', async () => {
    const newServer = await database()
    const store = await newServer()
    await store.db.insertInto('erased').values({ callId: 'CA1', erasedAt: Date.now() }).execute()
    await expect(messageBook.add({ from: 'Ann', text: 'Hi.' }, call(agentItems(store), 'CA1'))).rejects.toThrow(
      'erased'
    )
    expect(await takenMessages(agentItems(store))).toEqual([])
  })

  test('an erasure that fails leaves what it had erased', async () => {
    const newServer = await database()
    const store = await newServer()
    await messageBook.add({ from: 'Ann', text: 'Hi.' }, call(agentItems(store), 'CA1'))
    const failing = store.db.transaction().execute(async (transaction) => {
      await store.lockErasure(transaction, 'alone')
      expect(await erase({ caller: ANN }, agentItems({ ...store, db: transaction }))).toBe(1)
      throw new Error('the rest could not be erased')
    })
    await expect(failing).rejects.toThrow('the rest')
    expect(await takenMessages(agentItems(store))).toHaveLength(1)
  })
})

test('without a database it is kept in memory, the same way', async () => {
  const store = memoryStore()
  const first = call(store, 'CA1')
  const asked = await Promise.all([diary.book(WISH, NOW, first), diary.book(WISH, NOW, call(store, 'CA2', BOB))])
  expect(asked).toEqual([true, false])
  await messageBook.add({ from: 'Bob', text: 'Hi.' }, call(store, 'CA2', BOB))
  expect((await store.list('appointment', '2026-01-15')).map(({ key }) => key)).toEqual(['2026-01-15 10:00'])
  expect(await erase({ caller: ANN }, store)).toBe(1)
  expect((await takenMessages(store)).map(({ text }) => text)).toEqual(['Hi.'])
  expect(await erase({ callSid: 'CA2' }, store)).toBe(1)
})
