import { describe, expect, test } from 'vitest'
import { startHouse } from '../house.ts'

const apiError = (code: string | null, message: string) => ({
  type: 'error',
  error: { type: 'invalid_request_error', code, message, param: null, event_id: null }
})

describe('an error that is nobody’s fault is worth a debug line, and no more', () => {
  test.each([
    ['response_cancel_not_active', 'Cancellation failed: no active response found'],
    ['invalid_value', 'Audio content of 9800ms is already shorter than 11579ms']
  ])('%s: %s', async (code, message) => {
    const house = await startHouse()
    const { phone, session } = await house.connect()
    session.send(apiError(code, message))
    const line = await house.log.next((entry) => entry['code'] === code)
    expect(line.level).toBe(20)
    void session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
  })
})

test.each([['item_not_found'], ['rate_limit_exceeded']])(
  '%s is logged with its code, and the call goes on',
  async (code) => {
    const house = await startHouse({ provokes: ['the log'] })
    const { phone, session } = await house.connect()
    session.send(apiError(code, 'Something about the conversation.'))
    expect((await house.log.next((entry) => entry['code'] === code)).level).toBe(50)
    void session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
  }
)

test('an error that no close follows says nothing about a close that comes later', async () => {
  const house = await startHouse({ provokes: ['the log'] })
  const { phone, call, session } = await house.connect()
  session.send(apiError('invalid_api_key', 'Incorrect API key provided.'))
  await session.say({ ms: 40 })
  await phone.frames.next(({ event }) => event === 'media')
  session.drop(1011, 'server_error')
  const next = await house.model.nextSession()
  await next.receives('session.update')
  void next.say({ ms: 40 })
  await phone.frames.next(({ event }) => event === 'media')
  expect(call.state.name).toBe('live')
})

describe('an event that cannot be read costs that event, and no more', () => {
  const user = { id: 'item_1', object: 'realtime.item', type: 'message', status: 'completed', role: 'user' }
  test.each([
    ['no JSON', '{"type":'],
    ['an error that is no JSON', '{"type":"error","error":{'],
    ['null', 'null'],
    ['an error without its details', { type: 'error' }],
    ['an event nobody knows', { type: 'response.new_thing', value: 1 }],
    [
      'words of the caller without a transcript',
      { type: 'conversation.item.added', previous_item_id: null, item: { ...user, content: [{ type: 'input_audio' }] } }
    ],
    [
      'a tool call without arguments',
      {
        type: 'response.output_item.done',
        response_id: 'resp_1',
        output_index: 0,
        item: {
          id: 'item_2',
          object: 'realtime.item',
          type: 'function_call',
          status: 'completed',
          name: 'hang_up',
          call_id: 'call_1'
        }
      }
    ]
  ])('%s', async (_what, event) => {
    const house = await startHouse({ provokes: ['the log'] })
    const { phone, call, session } = await house.connect()
    session.send(event)
    void session.say({ ms: 40 })
    await phone.frames.next(({ event: name }) => name === 'media')
    expect(call.state.name).toBe('live')
  })
})

test("one call's fault never touches another", async () => {
  const house = await startHouse({ provokes: ['the log'] })
  const unlucky = await house.connect({ from: '+15550000001' })
  const lucky = await house.connect({ from: '+15550000002' })
  unlucky.session.send(apiError('server_error', 'The server had an error.'))
  unlucky.session.send('{"type":"error"')
  unlucky.session.send(apiError('invalid_api_key', 'Incorrect API key provided.'))
  unlucky.session.drop(3000, 'invalid_request_error.invalid_api_key')
  expect(await unlucky.phone.ended).toMatchObject({ by: 'server' })
  expect(await house.records.next()).toMatchObject({ from: '+15550000001', endReason: 'model_rejected' })
  void lucky.session.say({ ms: 40 })
  await lucky.phone.frames.next(({ event }) => event === 'media')
  expect(lucky.call.state.name).toBe('live')
  expect(house.app.calls.live).toBe(1)
})

test('what one caller says is never heard on another line', async () => {
  const house = await startHouse({ model: { vad: false } })
  const [one, other] = [await house.connect(), await house.connect()]
  const sounds = [Buffer.alloc(1_600, 0x11), Buffer.alloc(1_600, 0x22)]
  await Promise.all([one.phone.play(sounds[0] as Buffer), other.phone.play(sounds[1] as Buffer)])
  await expect
    .poll(() => one.session.audio.includes(0x11) && other.session.audio.includes(0x22), { timeout: 6_000 })
    .toBe(true)
  expect(one.session.audio.includes(0x22)).toBe(false)
  expect(other.session.audio.includes(0x11)).toBe(false)
})
