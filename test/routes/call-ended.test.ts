import { describe, expect, test } from 'vitest'
import * as cues from '../../src/agent/cues.ts'
import type { EndReason } from '../../src/call/end-reason.ts'
import { type House, signed, startHouse, webhook } from '../house.ts'

const SORRY = expect.stringContaining(cues.apology)
/** pino's number. */
const WARN = 40

describe('a caller of whom this process knows nothing', () => {
  const ask = (house: House, params: Record<string, string>) =>
    webhook(house, { CallSid: 'CAunknown', ...params }, '/call-ended')

  test('and who is on the line hears an apology, and the log warns of it', async () => {
    const house = await startHouse()
    expect(await ask(house, { CallStatus: 'in-progress' })).toMatchObject([
      { name: 'Say', text: SORRY },
      { name: 'Hangup' }
    ])
    expect(await house.log.next(({ level }) => level === WARN)).toMatchObject({
      callSid: 'CAunknown',
      msg: 'asked what comes after a call that this process does not know'
    })
  })

  test.each([{}, { DialCallStatus: 'no-answer' }])(
    'is put through to a person where there is one: %j',
    async (dial) => {
      const house = await startHouse({ env: { FALLBACK_NUMBER: '+15550123456' } })
      const verbs = await ask(house, { CallStatus: 'in-progress', ...dial })
      expect(verbs.map(({ name, text }) => (name === 'Dial' ? text : name))).toEqual([
        'Say',
        '+15550123456',
        'Say',
        'Hangup'
      ])
    }
  )

  test.each([
    ['has hung up', { CallStatus: 'completed' }],
    ['has talked to a person', { CallStatus: 'in-progress', DialCallStatus: 'completed' }]
  ])('and who %s is hung up, without a warning', async (_what, params) => {
    const house = await startHouse({ env: { FALLBACK_NUMBER: '+15550123456' } })
    expect(await ask(house, params)).toMatchObject([{ name: 'Hangup' }])
    expect(house.log.all.filter(({ level }) => level >= WARN)).toEqual([])
  })

  test('and whose call has no name is hung up', async () => {
    const house = await startHouse()
    expect(await webhook(house, {}, '/call-ended')).toMatchObject([{ name: 'Hangup' }])
    const url = '/call-ended'
    const reply = await house.app.inject({ method: 'GET', url, headers: signed(house, url) })
    expect(reply).toMatchObject({ statusCode: 200, body: expect.stringContaining('<Hangup/>') })
  })
})

describe('a caller whose stream never opened', () => {
  test('hears an apology, and the same one when Twilio asks once more because the answer was lost', async () => {
    const house = await startHouse()
    await webhook(house, { CallSid: 'CA1' })
    const ask = () => webhook(house, { CallSid: 'CA1' }, '/call-ended')
    const sorry = [{ name: 'Say', text: SORRY }, { name: 'Hangup' }]
    expect(await ask()).toMatchObject(sorry)
    expect(await ask()).toMatchObject(sorry)
  })

  test('is put through where there is somebody', async () => {
    const house = await startHouse({ env: { FALLBACK_NUMBER: '+15551230009' } })
    await webhook(house, { CallSid: 'CA1' })
    expect((await webhook(house, { CallSid: 'CA1' }, '/call-ended')).map(({ name }) => name)).toEqual([
      'Say',
      'Dial',
      'Say',
      'Hangup'
    ])
  })

  test('lets go of the model that was opened for them', async () => {
    const house = await startHouse()
    await webhook(house, { CallSid: 'CA1' })
    const session = await house.model.nextSession()
    await webhook(house, { CallSid: 'CA1' }, '/call-ended')
    await session.closed
  })
})

describe('what the caller hears when their call has ended', () => {
  const silently: EndReason[] = ['agent_hung_up', 'caller_silent', 'too_long', 'too_costly', 'drained']
  test.each(silently)('%s: nothing more, the line is hung up', async (reason) => {
    const house = await startHouse()
    const { phone, call } = await house.connect()
    call.end(reason)
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup', dialled: [] })
    expect(phone.said.all).toEqual([])
  })

  const sorry: EndReason[] = [
    'model_rejected',
    'model_refused',
    'model_unreachable',
    'model_closed',
    'model_mute',
    'model_wrong_format',
    'internal_error',
    'stream_abused'
  ]
  test.each(sorry)('%s: an apology', async (reason) => {
    const house = await startHouse()
    const { phone, call } = await house.connect()
    call.end(reason)
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup', dialled: [] })
    expect(phone.said.all).toEqual([SORRY])
  })

  test('the agent cannot go on and there is somebody who can: they are dialled', async () => {
    const house = await startHouse({ env: { FALLBACK_NUMBER: '+15551230009' } })
    const { phone, call } = await house.connect({ dial: () => ({ status: 'completed', talkMs: 10 }) })
    call.end('model_closed')
    expect(await phone.ended).toMatchObject({ by: 'server', dialled: ['+15551230009'] })
    expect(phone.said.all[0]).toEqual(SORRY)
  })
})
