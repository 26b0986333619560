import { RealtimeAgent, tool } from '@openai/agents/realtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CallContext } from '../../../src/agent/context.ts'
import * as cues from '../../../src/agent/cues.ts'
import { isSaid, receivesAudio, startHouse } from '../../house.ts'
import { answers, calls, clears, heardMs, hears, obliging, quiet, requests, says, speak } from './scene.ts'

const env = { SILENCE_TIMEOUT_MS: '400' }

describe('a caller who says nothing', () => {
  test('is asked once whether they are there, and then told goodbye', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone, session } = await house.connect()
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(answers(house)).toEqual([cues.askIfStillThere, cues.giveUpOnSilence])
    expect(requests(session)).toHaveLength(2)
    expect(heardMs(phone)).toBeGreaterThan(780)
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_silent' })
  })

  test('after the agent has spoken: the silence begins with the last word played, not with the last one made', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone, call, session } = await house.connect()
    const startedAt = performance.now()
    await session.say({ ms: 1_500, transcript: 'A long story.' })
    await session.receives('response.create')
    expect(performance.now() - startedAt).toBeGreaterThan(1_500 + 400 - 20)
    expect(heardMs(phone)).toBeGreaterThan(1_450)
    expect(call.transcript.turns.map(({ text }) => text)).toEqual(['A long story.'])
  })

  test('but answers when asked is asked anew the next time', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone, call, session } = await house.connect()
    await session.receives('response.create')
    await quiet(call)
    speak(session, 'Yes, I am.')
    await phone.ended
    expect(answers(house)).toEqual([
      cues.askIfStillThere,
      'You said: Yes, I am.',
      cues.askIfStillThere,
      cues.giveUpOnSilence
    ])
  })

  test('but presses a key is there', async () => {
    const house = await startHouse({ env, model: obliging(() => [says('One.')]) })
    const { phone, call, session } = await house.connect()
    await session.receives('response.create')
    await quiet(call)
    phone.press('1#')
    await phone.ended
    expect(answers(house)).toEqual([cues.askIfStillThere, 'One.', cues.askIfStillThere, cues.giveUpOnSilence])
  })

  test('but speaks over the goodbye keeps the line', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone, call, session } = await house.connect()
    await hears(phone, 400 + 100)
    speak(session, 'I am back.')
    await phone.frames.next(({ event }) => event === 'clear')
    await isSaid(call, 'You said: I am back.')
    expect(call.state.name).toBe('live')
    expect(clears(phone)).toHaveLength(1)
  })
})

describe('it is no silence', () => {
  test('while the caller speaks', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone, call, session } = await house.connect()
    session.hearSpeech()
    await receivesAudio(session, 1_200)
    expect(call.activity.isQuiet).toBe(false)
    expect(requests(session)).toEqual([])
    session.hearSilence('That was a long sentence.')
    await hears(phone, 190)
    expect(answers(house)).toEqual(['You said: That was a long sentence.'])
  })

  test('while a tool runs', async () => {
    const { promise: found, resolve: find } = Promise.withResolvers<string>()
    const search = tool({
      name: 'search',
      description: 'Takes long.',
      parameters: z.object({}),
      execute: () => found
    })
    const agent = new RealtimeAgent<CallContext>({ name: 'Triage Agent', instructions: 'Search.', tools: [search] })
    const model = obliging(({ kind, output }) => (kind === 'speech' ? [calls('search')] : [says(output ?? '')]))
    const house = await startHouse({ env, model, overrides: { agentFor: () => agent } })
    const { phone, session } = await house.connect()
    speak(session, 'Search for it.')
    const { audioMs } = session
    await receivesAudio(session, audioMs + 1_200)
    expect(requests(session)).toEqual([])
    find('Here it is.')
    await phone.ended
    expect(answers(house)).toEqual(['Here it is.', cues.askIfStillThere, cues.giveUpOnSilence])
  })
})

test('a caller who speaks up just as they are asked is not talked over, and is answered', async () => {
  const house = await startHouse({
    env,
    model: { ...obliging(), pace: 2 },
    overrides: {
      // On their way to each other: the question to the model, and to us that somebody speaks.
      readers: [(call) => void call.journal.once('answer_owed', () => house.model.sessions[0]?.hearSpeech())]
    }
  })
  await house.ring()
  const session = await house.model.nextSession()
  const { response } = await session.sent.next(({ type }) => type === 'response.done')
  expect(response).toMatchObject({ status: 'cancelled' })
  session.hearSilence('Sorry, I was looking for it.')
  await session.sent.next(({ type, transcript }) => {
    return type === 'response.output_audio_transcript.done' && transcript === 'You said: Sorry, I was looking for it.'
  })
  expect(session.errors).toEqual([])
})
