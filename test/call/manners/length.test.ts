import { describe, expect, test } from 'vitest'
import * as cues from '../../../src/agent/cues.ts'
import { isSaid, startHouse } from '../../house.ts'
import { answers, heardMs, hears, obliging, requests, speak, told } from './scene.ts'

const env = { MAX_CALL_MS: '1000' }

describe('a call that reaches its limit', () => {
  test('is wound up before: the agent is told, and the caller hears nothing of it', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone, call, session } = await house.connect()
    await session.receives('conversation.item.create')
    expect(told(session).join()).toContain(cues.wrapUp)
    expect(call.state.name).toBe('live')
    expect([requests(session), heardMs(phone)]).toEqual([[], 0])
    // What the agent says next takes account of it.
    speak(session, 'How are you?')
    await isSaid(call, 'You said: How are you?')
  })

  test('ends with a goodbye that is heard to its last word', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone } = await house.connect()
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(answers(house)).toEqual([cues.timeIsUp])
    expect(heardMs(phone)).toBeGreaterThan(380)
    const { endReason, durationMs } = await house.records.next()
    expect(endReason).toBe('too_long')
    expect(durationMs).toBeGreaterThan(1_380)
    expect(durationMs).toBeLessThan(2_500)
  })

  test('in the middle of an answer ends after that answer', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone, session } = await house.connect()
    await session.say({ ms: 1_800, transcript: 'A long story.' })
    await phone.ended
    expect(answers(house)).toEqual(['A long story.', cues.timeIsUp])
    expect(heardMs(phone)).toBeGreaterThan(1_800 + 380 - 50)
  })

  test('in the middle of an answer that is still being made ends after that answer too', async () => {
    const house = await startHouse({ env, model: { ...obliging(), pace: 1.2 } })
    const { phone, session } = await house.connect()
    void session.say({ ms: 1_800, transcript: 'A long story.' })
    await phone.ended
    expect(answers(house)).toEqual(['A long story.', cues.timeIsUp])
    expect(heardMs(phone)).toBeGreaterThan(1_800 + 380 - 50)
  })

  test('ends although the caller speaks over the goodbye', async () => {
    const house = await startHouse({ env, model: obliging() })
    const { phone, session } = await house.connect()
    await hears(phone, 100)
    session.hearSpeech()
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(await house.records.next()).toMatchObject({ endReason: 'too_long' })
  })
})
