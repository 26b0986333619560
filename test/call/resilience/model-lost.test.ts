import { backgroundResult, RealtimeAgent, tool } from '@openai/agents/realtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { PracticeSession } from '../../../simulator/model/practice-model.ts'
import type { CallContext } from '../../../src/agent/context.ts'
import * as cues from '../../../src/agent/cues.ts'
import {
  distinctSound,
  eventually,
  nextModel,
  reaches,
  receivesAudio,
  receivesSound,
  sdk,
  startHouse
} from '../../house.ts'
import { clears, heardMs, hears, isTold, obliging, quiet, requests, says, speak, told } from '../manners/scene.ts'

const media = ({ event }: { event: string }) => event === 'media'

/** A tool that answers when the test lets it, and how often it was asked. */
function slowTool(result: unknown = 'The invoice is paid.') {
  const answer = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  let runs = 0
  const lookUp = tool({
    name: 'look_up',
    description: 'Looks something up.',
    parameters: z.object({}),
    async execute() {
      runs += 1
      started.resolve()
      await answer.promise
      return result
    }
  })
  const agent = new RealtimeAgent<CallContext>({ name: 'Desk', instructions: 'Help.', tools: [lookUp] })
  return { agent, answer: () => answer.resolve(), started: started.promise, runs: () => runs }
}

describe('a model that is lost in the call costs the caller nothing but a pause', () => {
  const losses: [string, (session: PracticeSession) => void][] = [
    ['closes with 1001', (session) => session.drop(1001, 'Your session hit the maximum duration of 60 minutes.')],
    ['closes with 1011', (session) => session.drop(1011, 'server_error')],
    ['closes with 1012', (session) => session.drop(1012, 'service restart')],
    ['is gone without a goodbye (1006)', (session) => session.drop()],
    ['resets the connection', (session) => session.reset()],
    ['falls silent for good', (session) => session.freeze()],
    [
      'says that it has a fault and closes',
      (session) => {
        const error = { type: 'server_error', code: 'server_error', message: 'Sorry.', param: null, event_id: null }
        session.send({ type: 'error', error })
        session.drop(1011, 'server_error')
      }
    ]
  ]
  test.each(losses)('when it %s', async (_what, lose) => {
    const house = await startHouse({ model: obliging(), provokes: ['the log'] })
    const { phone, call, session } = await house.connect()
    await session.say({ ms: 200, transcript: 'We are open until five.' })
    await hears(phone, 190)
    await quiet(call)
    speak(session, 'And on Friday?')
    await hears(phone, 390)
    await quiet(call)
    lose(session)
    const next = await nextModel(house)
    expect(told(next).join()).toMatch(/open until five.*And on Friday.*You said/s)
    expect(next.conversation.items.map((item) => 'role' in item && item.role)).toEqual([
      'assistant',
      'user',
      'assistant'
    ])
    const before = heardMs(phone)
    speak(next, 'Thank you.')
    await hears(phone, before + 190)
    expect(call.state.name).toBe('live')
    expect(phone.notes).toEqual([])
    // Everything had been answered.
    expect(requests(next)).toEqual([])
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ reconnections: 1, endReason: 'caller_hung_up' })
  })
})

describe('no word of the caller’s is lost with the model', () => {
  const listening = { model: { vad: false } }

  test('what they say while it is away is held, and heard by the next one', async () => {
    const house = await startHouse(listening)
    const { phone, session } = await house.connect()
    house.model.refuse({ status: 503 })
    session.drop(1011)
    const sound = distinctSound(900)
    await phone.play(sound)
    house.model.refuse(undefined)
    const next = await nextModel(house)
    await receivesSound(next, sound)
  })

  test('a sentence that it took away half-heard is heard again from its beginning', async () => {
    const house = await startHouse(listening)
    const { phone, session } = await house.connect()
    const sound = distinctSound(1_600)
    const said = phone.play(sound)
    await receivesAudio(session, 400)
    session.hearSpeech()
    await receivesAudio(session, 1_000)
    session.drop()
    await said
    const next = await nextModel(house)
    await receivesSound(next, sound)
  })

  test.each([
    ['before it noticed that anybody speaks', false],
    ['when it had noticed', true]
  ])('and again by a third when the second goes too, %s', async (_when, hasNoticed) => {
    const house = await startHouse(listening)
    const { phone, session } = await house.connect()
    const sound = distinctSound(2_400)
    const said = phone.play(sound)
    await receivesAudio(session, 400)
    session.hearSpeech()
    await receivesAudio(session, 1_200)
    session.drop(1011)
    const second = await nextModel(house)
    await receivesAudio(second, 1_400)
    if (hasNoticed) second.hearSpeech()
    await receivesAudio(second, 1_800)
    second.drop(1011)
    await said
    const third = await nextModel(house)
    await receivesSound(third, sound)
  })

  test('nor is what they said to a socket that was dead already', async () => {
    const house = await startHouse(listening)
    const { phone, session } = await house.connect()
    session.freeze()
    const sound = distinctSound(1_000)
    await phone.play(sound)
    const next = await nextModel(house, 10_000)
    await receivesSound(next, sound)
  })

  test('a turn whose words were never written down is heard again, and not told as unknown', async () => {
    const house = await startHouse({ model: { vad: false, transcriptionMs: 60_000 } })
    house.model.mute('response')
    const { phone, session } = await house.connect()
    const sound = distinctSound(500)
    session.hearSpeech()
    await phone.play(sound)
    session.hearSilence('When are you open?')
    await session.sent.next(({ type }) => type === 'input_audio_buffer.committed')
    session.drop(1011)
    const next = await nextModel(house)
    await receivesSound(next, sound)
    expect(told(next)).toEqual([])
  })
})

describe('the conversation goes on where it was', () => {
  test('an answer that was interrupted is taken up again, once, and what Twilio has of it plays on', async () => {
    const house = await startHouse({ model: { vad: false, pace: 1, brain: () => [says('eleven twelve.')] } })
    const { phone, call, session } = await house.connect()
    void session.say({ ms: 4_000, transcript: 'one two three four five six seven eight nine ten' })
    await hears(phone, 900)
    session.drop(1011, 'server_error')
    const next = await nextModel(house)
    const { response } = await next.receives('response.create')
    expect(response?.instructions).toContain(cues.goOnWithNewModel)
    expect(told(next)).toEqual([expect.stringMatching(/"output_text","text":"one two/)])
    expect(told(next).join()).not.toContain('nine')
    await quiet(call)
    expect(requests(next)).toHaveLength(1)
    expect(clears(phone)).toEqual([])
    expect(call.transcript.turns.map(({ text }) => text)).toEqual([expect.stringMatching(/^one two/), 'eleven twelve.'])
  })

  test('an answer that was finished is not said again', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    await session.say({ ms: 2_000, transcript: 'one two three' })
    session.drop(1011)
    const next = await nextModel(house)
    await quiet(call)
    speak(next, 'Yes.')
    await hears(phone, 2_150)
    expect(requests(next)).toEqual([])
  })

  test('what Twilio has from the lost model is cleared when the caller speaks over it, and counts as heard no further', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, session } = await house.connect()
    await session.say({ ms: 6_000, transcript: 'one two three four five six seven eight nine ten' })
    await hears(phone, 800)
    session.drop(1011)
    const second = await nextModel(house)
    expect(told(second).join()).toContain('nine ten')
    second.hearSpeech()
    await phone.frames.next(({ event }) => event === 'clear')
    const heard = heardMs(phone)
    second.hearSilence('Stop.')
    await second.receives('conversation.item.retrieve')
    second.drop(1011)
    const third = await nextModel(house)
    expect(told(third)[0]).toMatch(/"text":"one[a-z ]* \[…\]"/)
    expect(told(third)[0]).not.toContain('ten')
    expect(heard).toBeLessThan(4_000)
  })

  test('a question that was not answered yet is answered by the next one, once', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    house.model.mute('response')
    speak(session, 'When are you open?')
    await session.receives('conversation.item.retrieve')
    house.model.mute(undefined)
    session.drop(1011)
    const next = await nextModel(house)
    await hears(phone, 190)
    await quiet(call)
    expect(requests(next)).toHaveLength(1)
    expect(told(next).join()).toContain('When are you open?')
    expect(call.transcript.turns.map(({ text }) => text)).toEqual([
      'When are you open?',
      'You said: When are you open?'
    ])
  })

  test('what the agent was asked to say is asked of the next one', async () => {
    const house = await startHouse({ env: { GREETING: 'Say hello.', EARLY_GREETING: 'false' }, model: obliging() })
    house.model.mute('response')
    const { phone, session } = await house.connect()
    await session.receives('response.create')
    house.model.mute(undefined)
    session.drop(1011)
    await nextModel(house)
    await hears(phone, 390)
    const [call] = house.answered.all
    expect(call?.transcript.turns).toMatchObject([{ who: 'agent', text: 'Say hello.' }])
  })

  test('the specialist who was speaking goes on, and not the first agent', async () => {
    const house = await startHouse({ model: { vad: false } })
    const { call, session } = await house.connect()
    await session.callTool('transfer_to_Vouchers')
    await session.receives(
      'session.update',
      ({ session: { instructions } }) => instructions?.includes('You check gift vouchers') === true
    )
    await quiet(call)
    session.drop(1011)
    const next = await nextModel(house)
    await eventually(
      () => next.config.instructions,
      (instructions) => instructions.includes('You check gift vouchers')
    )
    expect(next.config.tools.map(({ name }) => name)).toEqual(session.config.tools.map(({ name }) => name))
    expect(sdk(call).session.currentAgent.name).toBe('Vouchers')
  })

  test('a specialist who was lost before their first word speaks it', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    house.model.mute('response')
    await session.callTool('transfer_to_Vouchers')
    await session.receives('response.create')
    house.model.mute(undefined)
    session.drop(1011)
    const next = await nextModel(house)
    await hears(phone, 190)
    await quiet(call)
    expect(requests(next)).toHaveLength(1)
  })
})

describe('a tool that runs across the loss is neither lost nor run twice', () => {
  test('when it answers after the model is back', async () => {
    const desk = slowTool()
    const house = await startHouse({ model: obliging(), overrides: { agentFor: () => desk.agent } })
    const { phone, call, session } = await house.connect()
    await session.callTool('look_up')
    await desk.started
    session.drop(1011)
    const next = await nextModel(house)
    await isTold(next, cues.toolRunning('look_up'))
    desk.answer()
    await hears(phone, 190)
    await quiet(call)
    expect(told(next).join()).toContain('The invoice is paid.')
    expect(requests(next)).toHaveLength(1)
    expect(desk.runs()).toBe(1)
  })

  test('when it answers while there is no model', async () => {
    const desk = slowTool()
    const house = await startHouse({ model: obliging(), overrides: { agentFor: () => desk.agent } })
    const { phone, call, session } = await house.connect()
    await session.callTool('look_up')
    await desk.started
    house.model.refuse({ status: 503 })
    session.drop(1011)
    await reaches(call, 'reconnecting')
    desk.answer()
    await house.model.handshakes.next()
    house.model.refuse(undefined)
    const next = await nextModel(house)
    await hears(phone, 190)
    await quiet(call)
    expect(told(next).join()).toContain('The invoice is paid.')
    expect(requests(next)).toHaveLength(1)
    expect(desk.runs()).toBe(1)
  })

  test('when it has answered, and the model was lost before it said so', async () => {
    const desk = slowTool()
    const house = await startHouse({ model: obliging(), overrides: { agentFor: () => desk.agent } })
    const { phone, call, session } = await house.connect()
    house.model.mute('response')
    await session.callTool('look_up')
    desk.answer()
    await session.receives('response.create')
    house.model.mute(undefined)
    session.drop(1011)
    const next = await nextModel(house)
    await hears(phone, 190)
    await quiet(call)
    expect(told(next).join()).toContain('The invoice is paid.')
    expect(requests(next)).toHaveLength(1)
    expect(desk.runs()).toBe(1)
  })

  test('and one that leaves nothing to say has nothing said about it', async () => {
    const desk = slowTool(backgroundResult('Noted.'))
    const house = await startHouse({ model: obliging(), overrides: { agentFor: () => desk.agent } })
    const { phone, call, session } = await house.connect()
    await session.callTool('look_up')
    await desk.started
    session.drop(1011)
    const next = await nextModel(house)
    desk.answer()
    await quiet(call)
    speak(next, 'Hello?')
    await hears(phone, 190)
    expect(requests(next)).toEqual([])
  })
})

describe('a pause that lasts', () => {
  test('of more than two seconds has a soft tone in it, which stops with the model’s return', async () => {
    const house = await startHouse({ model: { vad: false } })
    const { phone, call, session } = await house.connect()
    house.model.refuse({ status: 503 })
    const lostAt = performance.now()
    session.drop(1011)
    await phone.frames.next(media)
    expect(performance.now() - lostAt).toBeGreaterThan(1_900)
    house.model.refuse(undefined)
    await nextModel(house)
    await reaches(call, 'live')
    expect(phone.frames.all.filter(media).length).toBeLessThanOrEqual(2)
    expect(house.model.handshakes.all.length).toBeLessThan(12)
  })
})
