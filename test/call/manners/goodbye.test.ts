import { afterEach, describe, expect, test, vi } from 'vitest'
import * as cues from '../../../src/agent/cues.ts'
import { isSaid, parametersOf, startFrame, startHouse, webhook } from '../../house.ts'
import { answers, calls, clears, heardMs, hears, obliging, quiet, requests, says, speak, told } from './scene.ts'

/** Says goodbye and hangs up, as the tool's description asks; to "Wait." it answers. */
const polite = obliging(({ transcript }) =>
  transcript === 'Wait.' ? [says('I am here.')] : [says('Goodbye.', 1_200), calls('hang_up')]
)
const withoutWords = obliging(() => [calls('hang_up')])

afterEach(() => void vi.useRealTimers())

describe('an agent that hangs up', () => {
  test('says goodbye, and the line closes when the last word was played', async () => {
    const house = await startHouse({ model: polite })
    const { phone, session } = await house.connect()
    speak(session, 'Bye.')
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup', dialled: [] })
    expect(heardMs(phone)).toBeGreaterThan(1_150)
    expect(await house.records.next()).toMatchObject({ endReason: 'agent_hung_up' })
    expect(phone.webhooks.all.map(({ url }) => new URL(url).pathname)).toEqual(['/incoming-call', '/call-ended'])
    expect(phone.verbs.all.at(-1)?.name).toBe('Hangup')
    // The tool's answer asks for no second goodbye.
    expect(requests(session)).toEqual([])
  })

  test('and forgot its goodbye is asked for one, and heard out', async () => {
    const house = await startHouse({ model: withoutWords })
    const { phone, session } = await house.connect()
    speak(session, 'Bye.')
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(requests(session)).toHaveLength(1)
    expect(answers(house)).toEqual([cues.sayGoodbye])
    expect(heardMs(phone)).toBeGreaterThan(380)
  })

  test('asks again for a goodbye that the model could not give', async () => {
    const house = await startHouse({ model: withoutWords })
    const { phone, session } = await house.connect()
    session.sent.follow(({ type }) => {
      if (type === 'response.done' && requests(session).length === 0)
        session.failResponse({ type: 'server_error', code: null, message: 'Sorry.' })
    })
    speak(session, 'Bye.')
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(requests(session)).toHaveLength(2)
    expect(heardMs(phone)).toBeGreaterThan(380)
  })

  test('does not wait for ever for a mark that never comes back', async () => {
    const house = await startHouse({ model: polite })
    const verbs = await webhook(house, { CallSid: 'CA1' })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const line = house.bareStream()
    const marks: string[] = []
    const closed = new Promise((resolve) => line.on('close', resolve))
    line.on('message', (data) => {
      const frame = JSON.parse(String(data)) as { event: string; mark?: { name: string } }
      if (frame.mark) marks.push(frame.mark.name)
    })
    await new Promise((resolve) => line.on('open', resolve))
    const customParameters = parametersOf(verbs)
    line.send(JSON.stringify(startFrame({ streamSid: 'MZ1', callSid: 'CA1', customParameters })))
    const call = await house.answered.next()
    const session = await house.model.nextSession()
    await vi.waitUntil(() => call.state.name === 'live')
    speak(session, 'Bye.')
    await vi.waitUntil(() => marks.some((name) => name.startsWith('done:')))
    await vi.waitUntil(() => !call.activity.isResponding)
    vi.advanceTimersByTime(10_000)
    expect(call.state.name).toBe('live')
    vi.advanceTimersByTime(1_300)
    await closed
    expect(call.state).toMatchObject({ name: 'ended', reason: 'agent_hung_up' })
  })
})

describe('a goodbye that is spoken over keeps the line open', () => {
  test('a caller who says "wait" half-way is answered, and hung up on only after the next goodbye', async () => {
    const house = await startHouse({ model: polite })
    const { phone, call, session } = await house.connect()
    speak(session, 'Bye.')
    await hears(phone, 300)
    session.hearSpeech()
    await phone.frames.next(({ event }) => event === 'clear')
    const heard = heardMs(phone)
    session.hearSilence('Wait.')
    await hears(phone, heard + 190)
    expect(answers(house)).toContain('I am here.')
    expect(told(session).join()).toContain(cues.lineStaysOpen)
    await quiet(call)
    expect(call.state.name).toBe('live')
    speak(session, 'Bye.')
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(heardMs(phone)).toBeGreaterThan(heard + 190 + 1_150)
  })

  test('when they speak in the moment in which the agent hangs up', async () => {
    const house = await startHouse({ model: polite })
    const { phone, call, session } = await house.connect()
    session.sent.follow(({ type }) => {
      if (type === 'response.function_call_arguments.done') session.hearSpeech()
    })
    speak(session, 'Bye.')
    await phone.frames.next(({ event }) => event === 'clear')
    await session.sent.next(({ type }) => type === 'response.done')
    session.hearSilence('Wait.')
    await isSaid(call, 'I am here.')
    await quiet(call)
    expect(call.state.name).toBe('live')
  })

  test('and so does a key', async () => {
    const house = await startHouse({ model: polite })
    const { phone, call, session } = await house.connect()
    speak(session, 'Bye.')
    await hears(phone, 300)
    phone.press('1')
    await phone.frames.next(({ event }) => event === 'clear')
    await quiet(call)
    expect(clears(phone)).toHaveLength(1)
    expect(call.state.name).toBe('live')
  })
})
