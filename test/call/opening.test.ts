import { describe, expect, test } from 'vitest'
import { loudness } from '../../simulator/sound/mulaw.ts'
import { type House, hasTurns, isSaid, parametersOf, playedOut, startFrame, startHouse, webhook } from '../house.ts'

const withGreeting = { env: { GREETING: 'Wish a good morning.' }, model: { brain: () => [{ say: 'Good morning.' }] } }

/** What a session was asked, in order; tracing is switched off whenever the model says hello. */
const asked = ({ received }: House['model']['sessions'][number]) =>
  received.all.filter((event) => event.type !== 'session.update' || event.session.audio).map(({ type }) => type)

describe('the agent speaks first', () => {
  test('once, as soon as the session opens', async () => {
    const house = await startHouse(withGreeting)
    const phone = await house.ring()
    const session = await house.model.nextSession()
    const { response } = await session.receives('response.create')
    expect(response?.instructions).toContain('Wish a good morning.')
    expect(response?.instructions).toContain('Pizzeria Napoli')
    expect(asked(session)).toEqual(['session.update', 'response.create'])
    const call = await house.answered.next()
    await hasTurns(call, 1)
    await playedOut(call)
    expect(call.transcript.turns).toMatchObject([{ who: 'agent', text: 'Good morning.', cut: false }])
    expect(loudness(phone.heard)).toBeGreaterThan(0.01)
    expect(asked(session).filter((type) => type === 'response.create')).toHaveLength(1)
  })

  test('also when the model takes its time to open', async () => {
    const house = await startHouse({ ...withGreeting, model: { ...withGreeting.model, openMs: 300 } })
    const phone = await house.ring()
    const session = await house.model.nextSession()
    await phone.frames.next(({ event }) => event === 'media')
    expect(asked(session)).toEqual(['session.update', 'response.create'])
  })

  test('not at all when there is no greeting: it waits for the caller', async () => {
    const house = await startHouse({ model: { vad: false } })
    const { phone, session } = await house.connect()
    session.hearSpeech()
    session.hearSilence('Good morning.')
    await phone.frames.next(({ event }) => event === 'media')
    expect(asked(session)).not.toContain('response.create')
  })
})

describe('the model is opened with the webhook', () => {
  test('and the stream uses it: one handshake a call', async () => {
    const house = await startHouse({ ...withGreeting, model: { ...withGreeting.model, openMs: 200 } })
    const phone = await house.ring()
    await phone.frames.next(({ event }) => event === 'media')
    expect(house.model.handshakes.all).toHaveLength(1)
    phone.hangUp()
    await house.records.next()
    expect(house.app.calls.warm.size).toBe(0)
  })

  test('without compression, with the key and without the beta', async () => {
    const house = await startHouse({ env: { OPENAI_MODEL: 'gpt-realtime-mini' } })
    await house.connect()
    const [handshake] = house.model.handshakes.all
    expect(handshake?.headers['sec-websocket-extensions']).toBeUndefined()
    expect(handshake?.headers.authorization).toBe('Bearer sk-practice')
    expect(handshake?.headers['openai-beta']).toBeUndefined()
    expect(handshake?.url).toBe('/v1/realtime?model=gpt-realtime-mini')
  })

  test('once, also when Twilio asks twice', async () => {
    const house = await startHouse()
    const ring = { CallSid: 'CA1', From: '+15551230001' }
    const [, second] = [await webhook(house, ring), await webhook(house, ring)]
    await house.stream({ callSid: 'CA1', customParameters: parametersOf(second) })
    const session = await house.model.nextSession()
    await session.receives('session.update')
    expect(house.model.handshakes.all).toHaveLength(1)
  })

  test('and greets while Twilio is still connecting: the caller hears it as soon as the stream is there', async () => {
    const house = await startHouse(withGreeting)
    const verbs = await webhook(house, { CallSid: 'CA1', From: '+15550000001' })
    const session = await house.model.nextSession()
    const { session: told } = await session.receives('session.update', (update) => update.session.audio !== undefined)
    expect(told.instructions).toContain('+15550000001')
    await session.receives('response.create')
    await session.sent.next(({ type }) => type === 'response.done')
    const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    await phone.frames.next(({ event }) => event === 'media')
    const call = await house.answered.next()
    await isSaid(call, 'Good morning.')
    expect(asked(session)).toEqual(['session.update', 'response.create'])
  })

  test('and, where the greeting is not to be early, is asked nothing until the stream is there', async () => {
    const house = await startHouse({ ...withGreeting, env: { ...withGreeting.env, EARLY_GREETING: 'false' } })
    const verbs = await webhook(house, { CallSid: 'CA1' })
    const session = await house.model.nextSession()
    await session.sent.next(({ type }) => type === 'session.created')
    expect(session.received.all).toEqual([])
    await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    await session.receives('response.create')
    expect(asked(session)).toEqual(['session.update', 'response.create'])
  })

  test('and is its own: two callers at once have two, each told who is calling', async () => {
    const house = await startHouse({ model: { openMs: 100 } })
    const callers = ['+15550000001', '+15550000002']
    await Promise.all(callers.map((from) => house.ring({ from })))
    const sessions = [await house.model.nextSession(), await house.model.nextSession()]
    const told = await Promise.all(
      sessions.map(
        async (session) => (await session.receives('session.update', ({ session: { audio } }) => !!audio)).session
      )
    )
    const numbers = told.map(({ instructions }) => instructions?.match(/from (\+\d+)\./)?.[1]).sort()
    expect(numbers).toEqual(['+15550000001', '+15550000002'])
    expect(house.model.handshakes.all).toHaveLength(2)
  })

  test('and waits for its own caller: a stream that comes in between has to open another', async () => {
    const house = await startHouse()
    const verbs = await webhook(house, { CallSid: 'CA1', From: '+15550000001' })
    const own = await house.model.nextSession()
    await house.stream({ callSid: 'CA2' })
    const others = await house.model.nextSession()
    const { session: second } = await others.receives('session.update', ({ session: { audio } }) => audio !== undefined)
    expect(second.instructions).toContain('withheld')
    expect(house.app.calls.warm.size).toBe(1)
    const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    const { session: first } = await own.receives('session.update', ({ session: { audio } }) => audio !== undefined)
    expect(first.instructions).toContain('+15550000001')
    await phone.streaming
    void own.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
    expect(house.model.handshakes.all).toHaveLength(2)
  })

  test('a stream without a webhook opens one, and only one', async () => {
    const house = await startHouse(withGreeting)
    const phone = await house.stream()
    await phone.frames.next(({ event }) => event === 'media')
    expect(house.model.handshakes.all).toHaveLength(1)
  })

  test('one that was lost while it waited is replaced', async () => {
    const house = await startHouse(withGreeting)
    const verbs = await webhook(house, { CallSid: 'CA1' })
    const lost = await house.model.nextSession()
    lost.drop(1011, 'gone')
    await lost.closed
    const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    await phone.frames.next(({ event }) => event === 'media')
    expect(asked(house.model.sessions[1] ?? lost)).toEqual(['session.update', 'response.create'])
  })

  test('what it said before anybody listened is not lost', async () => {
    const house = await startHouse()
    const verbs = await webhook(house, { CallSid: 'CA1' })
    const session = await house.model.nextSession()
    await session.sent.next(({ type }) => type === 'session.created')
    await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    // The SDK answers session.created by saying whether it traces.
    await session.receives('session.update', (update) => update.session.tracing === null)
  })
})

test('nothing is sent to Twilio before it has said whose stream it is, and never anything but media, mark and clear', async () => {
  const house = await startHouse(withGreeting)
  const phone = await house.stream({ start: false })
  const [session, call] = [await house.model.nextSession(), await house.answered.next()]
  for (const type of ['connected', 'video']) phone.sendFrame({ event: type, protocol: 'Call', version: '1.0.0' })
  phone.sendFrame({ event: 'media', streamSid: phone.streamSid, media: { payload: '////', timestamp: '155' } })
  call.caller.play('////', 'house')
  call.caller.mark('early', 'item', true)
  call.caller.clear()
  await house.log.next((line) => line['why'] === 'before start')
  expect(phone.frames.all).toEqual([])
  phone.sendFrame(startFrame(phone))
  await session.receives('response.create')
  await phone.frames.next(({ event }) => event === 'mark')
  session.hearSpeech()
  await phone.frames.next(({ event }) => event === 'clear')
  expect(new Set(phone.frames.all.map(({ event }) => event))).toEqual(new Set(['media', 'mark', 'clear']))
})
