import { tool } from '@openai/agents/realtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CallRunContext } from '../../src/agent/context.ts'
import { eraseCall } from '../../src/records/erase.ts'
import { closeLost } from '../../src/records/nodes.ts'
import type { Store } from '../../src/store/open.ts'
import { calls, hears, obliging, quiet, says, speak } from '../call/manners/scene.ts'
import { isSaid, reaches, startHouse, webhook } from '../house.ts'
import { agentWith } from '../records/agents.ts'
import { startServer } from '../server-process.ts'
import { ENGINES, type Engine, newStoreSettings, open } from '../stores.ts'
import { type Answer, receive, SECRET } from './receiver.ts'

const TRANSFER_TARGETS = 'billing=+15551230001'

async function startTelling(
  engine: Engine,
  { answer, env, ...options }: Parameters<typeof startHouse>[0] & { answer?: Answer } = {}
) {
  const receiver = await receive(answer ? { answer } : {})
  const settings = await newStoreSettings(engine)
  const overrides = { store: await open(settings), ...options.overrides }
  const house = await startHouse({ ...options, env: { ...receiver.env, ...env }, overrides })
  return { house, receiver, store: await open(settings), settings }
}

/** Puts every caller through, and asks those who come back what else there is. */
const putsThrough = obliging(({ kind }) => {
  if (kind !== 'speech') return [says('What now?')]
  return [says('One moment.', 100), calls('put_through', { person: 'billing', reason: 'An invoice.' })]
})

const takeMessage = tool({
  ...{ name: 'take_message', description: 'Takes a message.', parameters: z.object({ text: z.string() }) },
  execute: async ({ text }, context?: CallRunContext) => {
    context?.context.call.messageTaken({ from: 'Ada', phone: '+15550001111', text })
    return 'Taken.'
  }
})

describe.each(ENGINES)('on %s', (engine) => {
  test('a call is told when it starts and when it ends, once each, in order, signed, and without a word of it', async () => {
    const { house, receiver } = await startTelling(engine, { model: obliging() })
    const { phone, call, session } = await house.connect()
    const started = await receiver.next('call.started')
    speak(session, 'My name is Kolibri.')
    await isSaid(call, 'You said: My name is Kolibri.')
    await quiet(call)
    phone.hangUp()
    const hungUpAt = Date.now()
    const ended = await receiver.next('call.ended')
    expect(ended.at - hungUpAt).toBeLessThan(3_000)
    const { callSid } = phone
    expect(started.data.call).toMatchObject({ callSid, from: '+15551230001', endedAt: null, endReason: null })
    expect(ended.data.call).toMatchObject({ callSid, endReason: 'caller_hung_up', turns: 2, practice: true })
    expect(ended.timestamp).toBe(ended.data.call.endedAt)
    expect(ended.data).not.toHaveProperty('transcript')
    expect(ended.body).not.toContain('Kolibri')
    expect(Buffer.byteLength(ended.body)).toBeLessThan(20_000)
    await house.app.close()
    expect(receiver.types()).toEqual(['call.started', 'call.ended'])
  })

  test('a receiver that fails gets the same event again, and later events of that call wait for it', async () => {
    let failures = 0
    const { house, receiver } = await startTelling(engine, {
      answer: ({ type }, reply) => {
        const fails = type === 'call.started' && failures++ < 3
        reply.writeHead(fails ? 500 : 200).end()
      }
    })
    const { phone } = await house.connect()
    phone.hangUp()
    await receiver.next('call.ended')
    expect(receiver.types()).toEqual([...Array(4).fill('call.started'), 'call.ended'])
    const [first, ...again] = receiver.received.all.filter(({ type }) => type === 'call.started')
    for (const one of again) expect([one.id, one.body]).toEqual([first?.id, first?.body])
  })

  test('a transfer that fails is told, and the call ends only when the caller has left', async () => {
    const { house, receiver } = await startTelling(engine, { env: { TRANSFER_TARGETS }, model: putsThrough })
    const { phone, session } = await house.connect({ dial: () => ({ status: 'busy' }) })
    speak(session, 'Billing, please.')
    await receiver.next('transfer.returned')
    const again = await house.answered.next()
    await reaches(again, 'live')
    phone.hangUp()
    const ended = await receiver.next('call.ended')
    expect(ended.data.call.endReason).toBe('caller_hung_up')
    await house.app.close()
    const told = receiver.received.all.map(({ type, data: { target, outcome } }) => [type, target, outcome])
    expect(told).toEqual([
      ['call.started', undefined, undefined],
      ['transfer.started', 'billing', undefined],
      ['transfer.failed', 'billing', 'busy'],
      ['transfer.returned', 'billing', 'busy'],
      ['call.ended', undefined, undefined]
    ])
  })

  test('a call that is put through ends when the person and the caller are done', async () => {
    const { house, receiver } = await startTelling(engine, { env: { TRANSFER_TARGETS }, model: putsThrough })
    const { phone, session } = await house.connect({ dial: () => ({ status: 'completed', talkMs: 300 }) })
    speak(session, 'Billing, please.')
    // The person has picked up: the two still talk.
    await receiver.next('transfer.bridged')
    expect(receiver.types()).not.toContain('call.ended')
    await phone.ended
    expect((await receiver.next('call.ended')).data.call.endReason).toBe('transferred')
    expect(receiver.types()).toEqual(['call.started', 'transfer.started', 'transfer.bridged', 'call.ended'])
  })

  test('a message is told with its words only where WEBHOOK_INCLUDE says so, as is what was heard', async () => {
    for (const WEBHOOK_INCLUDE of ['', 'transcript']) {
      const { house, receiver } = await startTelling(engine, {
        env: { WEBHOOK_INCLUDE },
        model: obliging(({ kind }) =>
          kind === 'speech' ? [calls('take_message', { text: 'Call back.' })] : [says('I have noted it down.')]
        ),
        overrides: agentWith(takeMessage)
      })
      const { phone, call, session } = await house.connect()
      speak(session, 'Tell Sam to call back.')
      await isSaid(call, 'I have noted it down.')
      await quiet(call)
      phone.hangUp()
      const taken = await receiver.next('message.taken')
      const ended = await receiver.next('call.ended')
      expect(taken.data.call.callSid).toBe(phone.callSid)
      if (WEBHOOK_INCLUDE === '') {
        expect(taken.body + ended.body).not.toMatch(/back|noted|Ada/)
        continue
      }
      expect(taken.data['message']).toEqual({ from: 'Ada', phone: '+15550001111', text: 'Call back.' })
      expect(ended.data['transcript']).toEqual([
        { turn: expect.any(String), who: 'caller', text: 'Tell Sam to call back.' },
        { turn: expect.any(String), who: 'agent', text: 'I have noted it down.' }
      ])
    }
  })

  test('a recording is told when its call has ended', async () => {
    const { house, receiver } = await startTelling(engine, { env: { RECORDING: 'announce' } })
    const { phone, session } = await house.connect()
    void session.say({ ms: 200 })
    await hears(phone, 190)
    phone.hangUp()
    const ready = await receiver.next('call.recording_ready')
    expect(ready.data.call).toMatchObject({ callSid: phone.callSid, recording: 'kept' })
    expect(receiver.types()).toEqual(['call.started', 'call.ended', 'call.recording_ready'])
  })

  test('a call whose process died ends once, as lost, also when the process was only cut off', async () => {
    const { house, receiver, store } = await startTelling(engine)
    const { phone } = await house.connect()
    await receiver.next('call.started')
    await store.db.updateTable('nodes').set({ leaseUntil: 0 }).execute()
    await closeLost(store)
    expect((await receiver.next('call.ended')).data.call).toMatchObject({ endReason: 'lost', fault: 'us' })
    phone.hangUp()
    await house.records.next()
    await house.app.close()
    expect(receiver.types()).toEqual(['call.started', 'call.ended'])
  })

  test('a call that was answered and whose stream never came ends, once', async () => {
    const { house, receiver } = await startTelling(engine)
    await webhook(house, { CallSid: 'CA1', From: '+15551230001' })
    for (let asked = 0; asked < 2; asked += 1) {
      await webhook(house, { CallSid: 'CA1', CallStatus: 'completed' }, '/call-ended')
    }
    const { data } = await receiver.next('call.ended')
    expect(data.call).toMatchObject({ callSid: 'CA1', endReason: 'caller_left_early', fault: 'caller', turns: 0 })
    await house.app.close()
    expect(receiver.types()).toEqual(['call.ended'])
  })

  test('a call that is erased is told by its id alone, and its events are gone', async () => {
    const { house, receiver, store } = await startTelling(engine, { env: { WEBHOOK_INCLUDE: 'transcript' } })
    const { phone } = await house.connect()
    phone.hangUp()
    await receiver.next('call.ended')
    await eraseCall(store, phone.callSid, 'command')
    const erased = await receiver.next('call.erased')
    expect(erased.data).toEqual({ call: { id: phone.callSid } })
    await house.app.close()
    expect(await store.db.selectFrom('deliveries').selectAll().execute()).toEqual([])
  })
})

test('an alert is told', async () => {
  const { house, receiver } = await startTelling('SQLite')
  house.app.webhooks?.onAlert({
    name: 'response',
    state: 'fired',
    value: 4_200,
    threshold: 3_000,
    at: 1_760_000_000_000
  })
  const { data, timestamp } = await receiver.next('alert.fired')
  expect(data).toEqual({ name: 'response', value: 4_200, threshold: 3_000 })
  expect(timestamp).toBe(new Date(1_760_000_000_000).toISOString())
})

test('a receiver that knows the old or the new secret accepts what is signed while one is replaced', async () => {
  const { house, receiver } = await startTelling('SQLite', {
    env: { WEBHOOK_SECRET: `whsec_${Buffer.alloc(24, 'z').toString('base64')}, ${SECRET}` }
  })
  await house.connect()
  const { headers } = await receiver.next('call.started')
  expect(String(headers['webhook-signature']).split(' ')).toHaveLength(2)
})

test('a server that is killed leaves what it has not sent to the next one, under the same id', {
  timeout: 30_000
}, async () => {
  let isAway = true
  const receiver = await receive({ answer: (_, reply) => reply.writeHead(isAway ? 503 : 204).end() })
  const { dataDir } = await newStoreSettings('SQLite')
  const env = { ...receiver.env, DATA_DIR: dataDir, WEBHOOK_RETRY_MS: Array(100).fill(300).join() }
  const first = await startServer(env)
  const { phone } = await first.connect()
  phone.hangUp()
  const refused = await receiver.next('call.started')
  await first.log.next(({ msg }) => msg === 'call ended')
  await endIsIn(await open({ dataDir, databaseUrl: undefined }))
  first.child.kill('SIGKILL')
  await first.exit
  isAway = false
  await startServer(env)
  const [started, ended] = [await delivered('call.started'), await delivered('call.ended')]
  expect([started.id, started.body]).toEqual([refused.id, refused.body])
  expect(ended.data.call.endReason).toBe('caller_hung_up')

  async function delivered(type: string) {
    await receiver.received.next((one) => one.type === type && !isAway, 10_000)
    const [last] = receiver.received.all.filter((one) => one.type === type).slice(-1)
    if (!last) throw new Error(`no ${type}`)
    return last
  }

  async function endIsIn({ db }: Store): Promise<void> {
    const look = () => db.selectFrom('calls').select('endReason').execute()
    await expect.poll(look).toEqual([{ endReason: 'caller_hung_up' }])
  }
})
