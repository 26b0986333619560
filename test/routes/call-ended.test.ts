import { describe, expect, test } from 'vitest'
import type { EndReason } from '../../src/call/record.ts'
import { signed, startHouse, webhook } from '../house.ts'

const SORRY = /^We are sorry/

describe('a call that is not known', () => {
  test.each(['CallSid=CAunknown', ''])('is hung up: "%s"', async (query) => {
    const house = await startHouse()
    const params = Object.fromEntries(new URLSearchParams(query))
    expect(await webhook(house, params, '/call-ended')).toMatchObject([{ name: 'Hangup' }])
    const url = query === '' ? '/call-ended' : `/call-ended?${query}`
    const reply = await house.app.inject({ method: 'GET', url, headers: signed(house, url) })
    expect(reply).toMatchObject({ statusCode: 200, body: expect.stringContaining('<Hangup/>') })
  })
})

describe('a caller whose stream never opened', () => {
  test('hears an apology, once', async () => {
    const house = await startHouse()
    await webhook(house, { CallSid: 'CA1' })
    const ask = () => webhook(house, { CallSid: 'CA1' }, '/call-ended')
    expect(await ask()).toMatchObject([{ name: 'Say', text: expect.stringMatching(SORRY) }, { name: 'Hangup' }])
    expect(await ask()).toMatchObject([{ name: 'Hangup' }])
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
  const silently: EndReason[] = ['agent_hung_up', 'caller_silent', 'too_long', 'drained']
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
    expect(phone.said.all).toEqual([expect.stringMatching(SORRY)])
  })

  test('the agent cannot go on and there is somebody who can: they are dialled', async () => {
    const house = await startHouse({ env: { FALLBACK_NUMBER: '+15551230009' } })
    const { phone, call } = await house.connect({ dial: () => ({ status: 'completed', talkMs: 10 }) })
    call.end('model_closed')
    expect(await phone.ended).toMatchObject({ by: 'server', dialled: ['+15551230009'] })
    expect(phone.said.all[0]).toMatch(SORRY)
  })
})
