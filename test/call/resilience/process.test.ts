import { RealtimeAgent, tool } from '@openai/agents/realtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CallContext } from '../../../src/agent/context.ts'
import * as cues from '../../../src/agent/cues.ts'
import type { Call } from '../../../src/call/call.ts'
import { type House, losses, nextModel, receivesAudio, sdk, startHouse, webhook } from '../../house.ts'
import { heardMs, hears, obliging } from '../manners/scene.ts'

type Connected = Awaited<ReturnType<House['connect']>>

function fault(): never {
  throw new Error('a fault of the test')
}

/** The caller who has nothing to do with it hears the agent as ever. */
async function expectUntouched({ phone, call, session }: Connected): Promise<void> {
  const before = heardMs(phone)
  void session.say({ ms: 100 })
  await hears(phone, before + 90)
  expect(call.state.name).toBe('live')
}

describe("one call's exception ends that call with an apology, and no other", () => {
  const faults: [string, (call: Call) => void, (connected: Connected) => unknown][] = [
    [
      'a listener of speech',
      (call) => call.journal.on('caller_speaking', fault),
      ({ session }) => session.hearSpeech()
    ],
    ['a listener of keys', (call) => call.journal.on('key', fault), ({ phone }) => phone.press('1')],
    [
      'a listener of playback',
      (call) => call.journal.on('agent_heard', fault),
      ({ session }) => session.say({ ms: 100 })
    ],
    [
      'a listener of silence',
      (call) => call.journal.on('agent_silent', fault),
      ({ session }) => session.say({ ms: 40 })
    ],
    [
      'a listener of answers',
      (call) => call.journal.on('answer_finished', fault),
      ({ session }) => session.say({ ms: 40 })
    ],
    [
      'a listener of the model’s loss',
      (call) => call.journal.on('model_lost', fault),
      ({ session }) => session.drop(1011)
    ],
    ['a listener of its return', (call) => call.journal.on('model_back', fault), ({ session }) => session.drop(1011)],
    [
      'a listener that rejects',
      (call) => call.journal.on('caller_speaking', async () => fault()),
      ({ session }) => session.hearSpeech()
    ],
    ['a tap of the caller’s audio', (call) => call.caller.tap({ caller: fault }), () => {}],
    ['a timer', (call) => call.after(300, fault), () => {}],
    [
      'a listener of raw frames',
      (call) => sdk(call).session.on('transport_event', ({ type }) => type === 'twilio_message' && fault()),
      ({ phone }) => phone.press('1')
    ],
    [
      'a listener of the model’s raw events',
      (call) => sdk(call).session.on('transport_event', ({ type }) => type === 'response.created' && fault()),
      ({ session }) => session.say({ ms: 40 })
    ],
    [
      'a listener of the agent’s sound',
      (call) => sdk(call).session.on('audio', fault),
      ({ session }) => session.say({ ms: 40 })
    ],
    [
      'a listener of the SDK’s history',
      (call) => sdk(call).session.on('history_updated', fault),
      ({ session }) => session.say({ ms: 40 })
    ],
    [
      'a listener of the SDK’s that rejects',
      (call) => sdk(call).session.on('agent_start', async () => fault()),
      ({ session }) => session.say({ ms: 40 })
    ]
  ]
  test.each(faults)('%s', async (_what, listen, provoke) => {
    let isUnlucky = false
    const house = await startHouse({
      model: obliging(),
      overrides: { onCall: (call) => isUnlucky && listen(call) },
      provokes: ['the log']
    })
    const lucky = await connect(house)
    isUnlucky = true
    const unlucky = await connect(house)
    await provoke(unlucky)
    expect(await house.records.next()).toMatchObject({ endReason: 'internal_error', callSid: unlucky.phone.callSid })
    await unlucky.phone.ended
    expect(unlucky.phone.said.all).toEqual([expect.stringContaining(cues.apology)])
    await unlucky.session.closed
    await expectUntouched(lucky)
  })

  /** As house.connect, for a house whose `onCall` is the test's own. */
  async function connect(house: House): Promise<Connected> {
    const phone = await house.ring()
    const session = await nextModel(house)
    await phone.streaming
    return { phone, session, call: { state: { name: 'live' } } as never }
  }

  test('whoever is shown the call', async () => {
    let calls = 0
    const house = await startHouse({
      model: obliging(),
      overrides: { onCall: () => (calls++ === 0 ? undefined : fault()) },
      provokes: ['the log']
    })
    const lucky = await connect(house)
    const phone = await house.ring()
    expect(await house.records.next()).toMatchObject({ endReason: 'internal_error' })
    await phone.ended
    await expectUntouched(lucky)
  })
})

describe('what goes on all the same', () => {
  test('a call whose end makes a listener throw is over as ever, and written down', async () => {
    const house = await startHouse({ provokes: ['the log'] })
    const { phone, call, session } = await house.connect()
    call.journal.on('ended', fault)
    sdk(call).transport.on('connection_change', (status) => status === 'disconnected' && fault())
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up' })
    await session.closed
    expect(house.app.calls.live).toBe(0)
  })

  test.each([
    ['throws', fault],
    ['rejects', async () => fault()]
  ])('a server whose record keeper %s', async (_how, saveRecord) => {
    const house = await startHouse({ overrides: { saveRecord }, provokes: ['the log'] })
    const { phone } = await house.connect()
    phone.hangUp()
    await house.log.next(({ msg }) => msg === 'the record could not be saved')
    await house.connect()
  })

  test('a call whose tool throws: the agent hears that it failed, and says so', async () => {
    const broken = tool({
      name: 'broken',
      description: 'Breaks.',
      parameters: z.object({}),
      errorFunction: null,
      execute: fault
    })
    const agent = new RealtimeAgent<CallContext>({ name: 'Desk', instructions: 'Help.', tools: [broken] })
    const house = await startHouse({ model: obliging(), overrides: { agentFor: () => agent }, provokes: ['the log'] })
    const { phone, session } = await house.connect()
    await session.callTool('broken')
    const { item } = await session.receives('conversation.item.create')
    expect(item.output).toBe(cues.toolFailed)
    await hears(phone, 190)
  })

  test('a call in which a listener of the transport throws on the agent’s words', async () => {
    const house = await startHouse({ model: obliging() })
    const connected = await house.connect()
    sdk(connected.call).transport.on('audio_transcript_delta', fault)
    await connected.session.say({ ms: 40, transcript: 'Good morning.' })
    await house.log.next(({ msg }) => msg === 'the SDK could not read an event')
    await expectUntouched(connected)
  })

  test('a call in which a listener of the SDK’s session throws: the others hear the event, once each', async () => {
    const heard: string[] = []
    const house = await startHouse({ model: obliging(), provokes: ['the log'] })
    const { call, session } = await house.connect()
    sdk(call).session.on('history_updated', fault)
    sdk(call).session.once('history_updated', () => heard.push('once'))
    sdk(call).session.on('history_updated', (history) => heard.push(`${history.length}`))
    await session.say({ ms: 40 })
    await house.records.next()
    expect(heard).toEqual(['once', '1'])
  })

  test('a call whose agent’s instructions cannot be had is apologised for', async () => {
    const agent = new RealtimeAgent<CallContext>({ name: 'Desk', instructions: () => fault() })
    const house = await startHouse({
      env: { MODEL_RECONNECT_MS: '500' },
      overrides: { agentFor: () => agent },
      provokes: ['the log']
    })
    const phone = await house.ring()
    await phone.ended
    expect(phone.said.all).toEqual([expect.stringContaining(cues.apology)])
    expect(house.app.calls.live).toBe(0)
  })
})

/** Blocks this process: a loop would take the core from the other tests. */
const block = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

describe('a server that is late', () => {
  test('takes no new callers until it is in time again, and keeps those it has', async () => {
    const house = await startHouse({ model: obliging() })
    const here = await house.connect()
    const ready = async () => (await house.app.inject('/ready')).statusCode
    const busy = setInterval(() => block(400), 1)
    try {
      await expect.poll(ready, { timeout: 8_000 }).toBe(503)
      const names = (await webhook(house, { CallSid: 'CA9' })).map(({ name }) => name)
      expect(names).toEqual(['Reject'])
      expect((await house.app.inject('/health')).statusCode).toBe(200)
    } finally {
      clearInterval(busy)
    }
    await expect.poll(ready, { timeout: 8_000 }).toBe(200)
    expect((await webhook(house, { CallSid: 'CA9' })).map(({ name }) => name)).toEqual(['Connect'])
    await expectUntouched(here)
  })

  test('does not take what waited unread for a model that is dead', async () => {
    const house = await startHouse({ model: obliging() })
    const here = await house.connect()
    // Longer than two pings: the pong is among what was not read.
    for (let blocks = 0; blocks < 2; blocks++) {
      block(3_300)
      await receivesAudio(here.session, 20)
    }
    await expectUntouched(here)
    expect(losses(here.call)).toBe(0)
  })
})

test('a guardrail that throws costs its call nothing but a line in the log', async () => {
  const execute = async () => {
    throw new Error('broken guardrail')
  }
  const house = await startHouse({
    overrides: { outputGuardrails: [{ name: 'broken', execute }] },
    provokes: ['the log']
  })
  const { phone, call, session } = await house.connect()
  await session.say({ ms: 200, transcript: 'Words enough to be looked at. '.repeat(5) })
  await house.log.next((line) => line.msg === 'session error')
  const heard = phone.frames.all.length
  await session.say({ ms: 200, transcript: 'And on it goes.' })
  await phone.frames.next((frame) => frame.event === 'media' && phone.frames.all.indexOf(frame) >= heard)
  expect(call.state.name).toBe('live')
})
