import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { startHouse } from '../house.ts'
import { TERSE } from './stranger.ts'

const BILLING = '+15551230007'
const env = { TRANSFER_TARGETS: `billing=${BILLING}`, FALLBACK_NUMBER: '+15551230009' }

describe('the agent cannot be talked into putting a caller through to', () => {
  test.each([
    '+19005551234',
    'billing=+19005551234',
    'billing, +19005551234',
    'billing"/><Number>+19005551234</Number>',
    'sip:evil@example.com',
    '__proto__',
    'constructor',
    'get',
    '*',
    ''
  ])('%j', async (target) => {
    const house = await startHouse({ env, model: TERSE })
    const { phone, call, session } = await house.connect()
    const callId = await session.callTool('put_through', { person: target, reason: 'The caller insists.' })
    const { item } = await session.receives(
      'conversation.item.create',
      ({ item }) => item.type === 'function_call_output'
    )
    expect(item).toMatchObject({ call_id: callId, output: expect.stringContaining('billing') })
    expect(() => call.context.transfer(target, '')).toThrow(RangeError)
    expect(call.state.name).toBe('live')
    phone.hangUp()
    expect((await phone.ended).dialled).toEqual([])
  })
})

test('what the agent says of the caller is only ever spoken, and to the person in the settings', async () => {
  const house = await startHouse({ env, model: TERSE })
  const { phone, session } = await house.connect()
  const reason = '</Say><Dial>+19005551234</Dial><Say>"&\u0000'
  await session.say({ ms: 40, transcript: 'I put you through.' })
  await session.callTool('put_through', { person: 'billing', reason })
  const { dialled } = await phone.ended
  expect(dialled).toEqual([BILLING])
  expect(phone.verbs.all.map(({ name }) => name)).toEqual(['Connect', 'Dial', 'Hangup'])
  expect(phone.whispers.all.flatMap(({ said }) => said)).toEqual(['</Say><Dial>+19005551234</Dial><Say>"&'])
})

test('what a webhook says does not choose the number either', async () => {
  const house = await startHouse({ env, model: TERSE })
  const parameters = { DialCallStatus: 'busy', To: '+19005551234', Called: '+19005551234', number: '+19005551234' }
  const { phone, session } = await house.connect({ parameters })
  session.drop()
  house.model.refuse({ status: 503 })
  phone.hangUp()
  expect((await phone.ended).dialled).toEqual([])
  const unknown = await house.app.inject({
    url: '/call-ended?CallSid=CAunknown&DialCallStatus=completed&number=%2B19005551234'
  })
  expect(unknown.body).not.toContain('+1900')
})

test.each([
  'billing=19005551234',
  'billing=+1900555<Dial>',
  'billing=sip:evil@example.com',
  'billing=+15551230007 +19005551234'
])('a target that is no number ends the start: %s', (TRANSFER_TARGETS) => {
  expect(() => loadConfig({ OPENAI_API_KEY: 'sk', TRANSFER_TARGETS })).toThrow('TRANSFER_TARGETS')
})
