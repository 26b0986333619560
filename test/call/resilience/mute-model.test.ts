import { describe, expect, test } from 'vitest'
import * as cues from '../../../src/agent/cues.ts'
import { eventually, nextModel, startHouse } from '../../house.ts'
import { hears, obliging, quiet, requests, speak } from '../manners/scene.ts'

/** Two watchdogs of 3 s each, twice over, and a reconnection. */
const PATIENCE_MS = 25_000

const is = (type: string) => (event: { type: string }) => event.type === type

describe('a model that is there and says nothing is nudged, then reached anew', () => {
  test('when it does not confirm the session', { timeout: PATIENCE_MS }, async () => {
    const house = await startHouse({ model: obliging() })
    house.model.mute('session.updated')
    const { phone, call, session } = await house.connect()
    await session.receives('session.update', (update) => Object.keys(update.session).length === 1)
    const next = await house.model.nextSession(9_000)
    house.model.mute(undefined)
    await session.closed
    await next.receives('session.update')
    speak(next, 'Hello?')
    await hears(phone, 190)
    expect(call.state.name).toBe('live')
  })

  test('when it never says a word: the caller is told, and not left to wait', { timeout: PATIENCE_MS }, async () => {
    const house = await startHouse({ env: { FALLBACK_NUMBER: '+15551230009' }, provokes: ['the log'] })
    for (const what of ['session.created', 'session.updated', 'response'] as const) house.model.mute(what)
    const phone = await house.ring()
    expect(await house.records.next(undefined, 20_000)).toMatchObject({ endReason: 'model_mute' })
    expect((await phone.ended).dialled).toEqual(['+15551230009'])
  })

  test('when it was asked to speak and does not', { timeout: PATIENCE_MS }, async () => {
    const house = await startHouse({ model: obliging(), env: { GREETING: 'Say hello.', EARLY_GREETING: 'false' } })
    house.model.mute('response')
    const { phone, call, session } = await house.connect()
    await session.receives('response.create')
    // The second request is the nudge, and asks for the same.
    const { response } = await session.receives('response.create')
    expect(response?.instructions).toContain('Say hello.')
    const next = await house.model.nextSession(9_000)
    house.model.mute(undefined)
    await hears(phone, 390)
    await quiet(call)
    expect(requests(next)).toHaveLength(1)
    expect(call.transcript.turns).toMatchObject([{ text: 'Say hello.' }])
  })

  test('when it needed no more than the nudge, the session goes on', { timeout: PATIENCE_MS }, async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, session } = await house.connect()
    house.model.mute('response')
    speak(session, 'Are you there?')
    await session.receives('conversation.item.retrieve')
    house.model.mute(undefined)
    await hears(phone, 190)
    expect(requests(session)).toHaveLength(1)
    expect(house.model.sessions).toHaveLength(1)
  })

  test('when it took a tool’s outcome and says nothing about it', { timeout: PATIENCE_MS }, async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, session } = await house.connect()
    house.model.mute('response')
    await session.callTool('menu')
    await session.receives('response.create')
    house.model.mute(undefined)
    await hears(phone, 190)
    expect(house.model.sessions).toHaveLength(1)
  })

  test('when it stops in the middle of an answer: it is told to end it, and asked to go on', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, session } = await house.connect()
    session.stallResponse()
    void session.say({ ms: 800, transcript: 'one two three four' })
    await session.receives('response.cancel', undefined, 9_000)
    const { response } = await session.receives('response.create')
    expect(response?.instructions).toContain(cues.goOnAfterStall)
    await hears(phone, 590)
    expect(house.model.sessions).toHaveLength(1)
  })

  test('when the socket is open and dead: found out by its missing pong', { timeout: PATIENCE_MS }, async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, session } = await house.connect()
    session.freeze()
    const next = await nextModel(house, 12_000)
    speak(next, 'Hello?')
    await hears(phone, 190)
  })
})

describe('a request that was refused or lost never blocks the call for good', () => {
  test.each([
    ['without saying which', null],
    ['by its id', 'agents_js_response_create_1']
  ])('refused %s', async (_how, event_id) => {
    const house = await startHouse({ model: obliging(), provokes: ['the log'] })
    const { phone, call, session } = await house.connect()
    house.model.mute('response')
    call.askToSpeak('Say one.')
    await session.receives('response.create')
    const code = 'conversation_already_has_active_response'
    session.send({
      type: 'error',
      error: { type: 'invalid_request_error', code, message: 'No.', param: null, event_id }
    })
    await house.log.next((line) => line['code'] === code)
    house.model.mute(undefined)
    await hears(phone, 390)
    expect(house.model.sessions).toHaveLength(1)
    // And the next request goes the usual way.
    await quiet(call)
    call.askToSpeak('Say two.')
    await hears(phone, 790)
  })

  test('asked for just as another answer began, and forgotten by the model', async () => {
    const house = await startHouse({ model: { ...obliging(), pace: 10 }, provokes: ['the log'] })
    const { phone, call, session } = await house.connect()
    void session.say({ ms: 2_000 })
    await session.sent.next(is('response.created'))
    house.model.mute('response')
    call.askToSpeak('Say one.')
    await session.receives('response.create')
    house.model.mute(undefined)
    await hears(phone, 2_150)
    await eventually(
      () => call.activity.owed,
      (owed) => owed === undefined
    )
    expect(house.model.sessions).toHaveLength(1)
  })
})
