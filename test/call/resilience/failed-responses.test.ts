import { describe, expect, test } from 'vitest'
import type { PracticeSession } from '../../../simulator/model/practice-model.ts'
import * as cues from '../../../src/agent/cues.ts'
import { startHouse } from '../../house.ts'
import { hears, obliging, quiet, requests, says, speak } from '../manners/scene.ts'

const error = (code: string | null, type = 'server_error') => ({ type, code, message: 'Sorry about that.' })

/** A response that the model gave up, as it tells it; nothing of it is heard. */
function endsIncomplete(session: PracticeSession, reason: string): void {
  const response = { object: 'realtime.response', id: `resp_${reason}`, output: [], usage: null, metadata: null }
  session.send({ type: 'response.created', response: { ...response, status: 'in_progress', status_details: null } })
  const details = { type: 'incomplete', reason }
  session.send({ type: 'response.done', response: { ...response, status: 'incomplete', status_details: details } })
}

describe('an answer that the model could not give', () => {
  test.each([['rate_limit_exceeded'], ['server_error'], [null]])('because of %s is asked for again', async (code) => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    session.failResponse(error(code))
    speak(session, 'When are you open?')
    await hears(phone, 190)
    await quiet(call)
    expect(requests(session)).toHaveLength(1)
    expect(house.model.sessions).toHaveLength(1)
  })

  test('is asked for with what it was to say', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    session.failResponse(error('server_error'))
    call.askToSpeak('Say that the invoice is paid.')
    await hears(phone, 390)
    expect(call.transcript.turns).toMatchObject([{ text: 'Say that the invoice is paid.' }])
    expect(requests(session)).toHaveLength(2)
  })

  test('three times over is asked of another model', async () => {
    let failures = 3
    const brain = () => {
      failures -= 1
      if (failures >= 0) throw new Error('out of order')
      return [says('At last.')]
    }
    const house = await startHouse({ model: { vad: false, pace: Number.POSITIVE_INFINITY, brain } })
    const { phone, call, session } = await house.connect()
    speak(session, 'When are you open?')
    await house.model.nextSession(9_000)
    await hears(phone, 190)
    await quiet(call)
    expect(call.transcript.turns.at(-1)).toMatchObject({ text: 'At last.' })
    expect(house.model.sessions).toHaveLength(2)
  })

  test('by any model ends with an apology, within the time that a caller waits for one', async () => {
    const brain = () => {
      throw new Error('out of order')
    }
    const house = await startHouse({
      env: { MODEL_RECONNECT_MS: '2500' },
      model: { vad: false, brain },
      provokes: ['the log']
    })
    const { phone, session } = await house.connect()
    speak(session, 'When are you open?')
    expect(await house.records.next(undefined, 9_000)).toMatchObject({ endReason: 'model_refused' })
    await phone.ended
    expect(phone.said.all).toEqual([expect.stringContaining(cues.apology)])
  })

  test('because nobody pays for it is not asked for again', async () => {
    const house = await startHouse({ model: obliging(), provokes: ['the log'] })
    const { phone, session } = await house.connect()
    session.failResponse(error('insufficient_quota', 'insufficient_quota'))
    speak(session, 'When are you open?')
    expect(await house.records.next()).toMatchObject({ endReason: 'model_rejected' })
    await phone.ended
    expect(phone.said.all).toEqual([expect.stringContaining(cues.apology)])
    expect(house.model.handshakes.all).toHaveLength(1)
  })

  test('is not asked for again over a caller who speaks meanwhile', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    session.failResponse(error('rate_limit_exceeded'))
    speak(session, 'When are you open?')
    await house.log.next(({ msg }) => msg === 'the model could not answer')
    session.hearSpeech()
    await phone.play(Buffer.alloc(8_000, 0xff))
    session.hearSilence('On Friday, I mean.')
    await hears(phone, 190)
    await quiet(call)
    expect(requests(session)).toEqual([])
  })
})

describe('an answer that was broken off', () => {
  test.each([
    ['content_filter', cues.explainWithheld],
    ['max_output_tokens', cues.finishBriefly]
  ])('by the %s is explained or finished', async (reason, explanation) => {
    const house = await startHouse({ model: obliging() })
    const { phone, session } = await house.connect()
    endsIncomplete(session, reason)
    const { response } = await session.receives('response.create')
    expect(response?.instructions).toContain(explanation)
    await hears(phone, 390)
  })

  test('again and again does not go on for ever', async () => {
    const house = await startHouse({
      model: { vad: false },
      provokes: ['the log']
    })
    house.model.mute('response')
    const { phone, session } = await house.connect()
    endsIncomplete(session, 'content_filter')
    await session.receives('response.create')
    endsIncomplete(session, 'content_filter')
    await session.receives('response.create')
    endsIncomplete(session, 'content_filter')
    const next = await house.model.nextSession()
    await next.receives('session.update')
    house.model.mute(undefined)
    speak(next, 'Hello?')
    await phone.frames.next(({ event }) => event === 'media')
  })
})
