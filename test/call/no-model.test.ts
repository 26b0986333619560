import { describe, expect, test } from 'vitest'
import type { Refusal } from '../../simulator/model/practice-model.ts'
import * as cues from '../../src/agent/cues.ts'
import type { EndReason } from '../../src/call/end-reason.ts'
import { reaches, sdk, startHouse } from '../house.ts'

/** Attempts begin after 0, 150 and 450 ms; the fourth would be too late, and the third has time to fail by itself. */
const impatient = { MODEL_RECONNECT_MS: '950' }
const SORRY = expect.stringContaining(cues.apology)

describe('a caller for whom there is no model hears so, and the record says why', () => {
  const refusals: [string, Refusal, EndReason][] = [
    ['answers 429', { status: 429 }, 'model_refused'],
    ['answers 503', { status: 503 }, 'model_refused'],
    ['answers 401', { status: 401 }, 'model_rejected'],
    ['does not take the key', { code: 'invalid_api_key', closeCode: 3000 }, 'model_rejected'],
    ['does not have the model', { code: 'invalid_model', closeCode: 4000 }, 'model_rejected'],
    ['wants to be paid', { code: 'insufficient_quota', closeCode: 4000 }, 'model_rejected'],
    ['closes every time with 1011', { code: 'server_error', closeCode: 1011 }, 'model_closed'],
    ['resets the connection', 'reset', 'model_unreachable'],
    ['does not answer the handshake', 'hang', 'model_unreachable']
  ]
  test.each(refusals)('a model that %s', async (_what, refusal, endReason) => {
    const house = await startHouse({ env: impatient, provokes: ['the log'] })
    house.model.refuse(refusal)
    const phone = await house.ring()
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(phone.said.all).toEqual([SORRY])
    expect(await house.records.next()).toMatchObject({
      endReason,
      from: '+15551230001',
      firstAudioMs: undefined,
      turns: 0
    })
    expect(house.app.calls.live).toBe(0)
    expect(house.app.calls.warm.size).toBe(0)
    // Trying again cannot help, and the account may be locked for it.
    if (endReason === 'model_rejected') expect(house.model.handshakes.all.length).toBeLessThanOrEqual(2)
    else if (refusal !== 'hang') expect(house.model.handshakes.all.length).toBeGreaterThan(2)
    // Nor is a model that is in trouble stormed by every caller who waits for it.
    expect(house.model.handshakes.all.length).toBeLessThan(10)
    expect(house.log.all.filter(({ msg }) => msg === 'call ended')).toHaveLength(1)
    expect(JSON.stringify(house.log.all)).not.toContain('sk-practice')
  })

  test('a model that is not there at all', async () => {
    const house = await startHouse({
      env: { ...impatient, OPENAI_REALTIME_URL: 'ws://127.0.0.1:1/v1/realtime' },
      provokes: ['the log']
    })
    const phone = await house.ring()
    expect(await phone.ended).toMatchObject({ by: 'server' })
    expect(phone.said.all).toEqual([SORRY])
    expect(await house.records.next()).toMatchObject({ endReason: 'model_unreachable' })
    expect(JSON.stringify(house.log.all)).not.toContain('sk-practice')
  })

  test('a person takes over where there is one', async () => {
    const house = await startHouse({ env: { ...impatient, FALLBACK_NUMBER: '+15551230009' }, provokes: ['the log'] })
    house.model.refuse({ status: 503 })
    const phone = await house.ring()
    expect((await phone.ended).dialled).toEqual(['+15551230009'])
    expect(phone.said.all[0]).toEqual(SORRY)
  })

  test('a wrong key, as the API itself would refuse it', async () => {
    const house = await startHouse({ model: { apiKey: 'sk-right' }, provokes: ['the log'] })
    const phone = await house.ring()
    await phone.ended
    expect(phone.said.all).toEqual([SORRY])
    expect(await house.records.next()).toMatchObject({ endReason: 'model_rejected' })
  })
})

describe('a model that comes back within the budget', () => {
  test('is as good as one that was there at once', async () => {
    const house = await startHouse({ env: { GREETING: 'Say hello.' }, model: { brain: () => [{ tone: 100 }] } })
    house.model.refuse({ status: 503 })
    const phone = await house.ring()
    for (let attempt = 0; attempt < 2; attempt++) await house.model.handshakes.next()
    house.model.refuse(undefined)
    await phone.frames.next(({ event }) => event === 'media')
    const [session] = house.model.sessions
    expect(session?.received.all.filter(({ type }) => type === 'response.create')).toHaveLength(1)
    expect(phone.said.all).toEqual([])
  })

  test('a handshake that hangs is given up after five seconds, and the next one answers', async () => {
    const house = await startHouse()
    house.model.refuse('hang')
    await house.stream()
    await house.model.handshakes.next()
    house.model.refuse(undefined)
    const session = await house.model.nextSession(8_000)
    await session.receives('session.update')
    const call = await house.answered.next()
    await reaches(call, 'live')
  })
})

test('a model that is lost in the call and not to be had again is apologised for', async () => {
  const house = await startHouse({ env: impatient, provokes: ['the log'] })
  const { phone, session } = await house.connect()
  house.model.refuse({ code: 'server_error', closeCode: 1011 })
  session.drop(1011, 'server_error')
  expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
  expect(phone.said.all).toEqual([SORRY])
  expect(await house.records.next()).toMatchObject({ endReason: 'model_closed' })
})

describe('a caller who is gone before there is a model', () => {
  test.each(['stop', 'no-stop', 'dies'] as const)('leaves nothing open (%s)', async (closeStyle) => {
    const house = await startHouse({ model: { openMs: 60_000 } })
    const phone = await house.ring({ closeStyle })
    await phone.streaming
    const call = await house.answered.next()
    await reaches(call, 'connecting')
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_left_early', firstAudioMs: undefined })
    expect(house.app.calls.live).toBe(0)
    expect(sdk(call).session.transport.status).toBe('disconnected')
    expect(house.model.sessions).toEqual([])
  })

  test('whose model opens just after finds it closed again', async () => {
    const house = await startHouse({ model: { openMs: 300 } })
    const phone = await house.ring()
    await phone.streaming
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_left_early' })
    for (const session of house.model.sessions) await session.closed
    expect(house.model.sessions.flatMap(({ received }) => received.all)).toEqual([])
  })

  const moments = ['connecting', 'connected'] as const
  test.each(moments)('in the very moment in which the model is %s: the call is over, once', async (moment) => {
    const ended = Promise.withResolvers<void>()
    const house = await startHouse({
      overrides: {
        onCall: (call) => {
          sdk(call).session.transport.on('connection_change', (status) => {
            if (status !== moment) return
            call.end('caller_hung_up')
            ended.resolve()
          })
        }
      }
    })
    const phone = await house.ring()
    await ended.promise
    expect(await phone.ended).toMatchObject({ by: 'server' })
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up' })
    for (const session of house.model.sessions) await session.closed
    expect(house.log.all.filter(({ msg }) => msg === 'call ended')).toHaveLength(1)
    expect(house.app.calls.live).toBe(0)
  })
})
