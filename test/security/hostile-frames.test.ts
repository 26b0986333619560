import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { distinctSound, type House, startHouse } from '../house.ts'
import { AUTH_TOKEN, PUBLIC, TERSE } from './stranger.ts'

const tunnel = { authToken: AUTH_TOKEN, publicUrl: PUBLIC }
/** In everything that is hostile here, so that it can be looked for in the log. */
const SECRET = 'TheCallersOwnWords'

type Frame = object | string | Buffer

/** A frame of the caller's that is as it should be, whatever else was sent, arrives at the model, and an answer comes back. */
async function expectUndisturbed({ phone, session }: Awaited<ReturnType<House['connect']>>): Promise<void> {
  const before = session.audio.length
  const sound = distinctSound(200)
  await phone.play(sound)
  await expect.poll(() => session.audio.subarray(before).includes(sound), { timeout: 5_000, interval: 20 }).toBe(true)
  await session.say({ ms: 40 })
  await phone.frames.next(({ event }) => event === 'media')
}

/** Nothing of what was sent, but the names that are ours. */
function expectSilentLog({ log }: House): void {
  expect(JSON.stringify(log.all)).not.toContain(SECRET)
  expect(log.all.filter(({ level }) => level >= 50)).toEqual([])
}

describe('a live call is not disturbed by', () => {
  const media =
    (more: object, inner: object = {}) =>
    (phone: PhoneCall) => ({
      event: 'media',
      sequenceNumber: '5',
      streamSid: phone.streamSid,
      media: { track: 'inbound', chunk: '5', timestamp: '500', payload: '////', ...inner },
      ...more
    })
  const said = (text: string) => (): Frame => text
  const bad: [string, (phone: PhoneCall) => Frame][] = [
    ['text that is not JSON', said(SECRET)],
    ['half a frame', said(`{"event":"media","media":{"payload":"${SECRET}`)],
    ['nothing', said('')],
    ['a number', said('1e999')],
    ['null', said('null')],
    ['a list', said(`["${SECRET}"]`)],
    ['a word', said(`"${SECRET}"`)],
    ['twenty thousand brackets', said('['.repeat(20_000))],
    ['a frame with a prototype', said(`{"__proto__":{"event":"stop"},"x":"${SECRET}"}`)],
    ['bytes', () => Buffer.from(SECRET)],
    [
      'a binary frame that is JSON',
      (phone) => Buffer.from(JSON.stringify({ event: 'stop', streamSid: phone.streamSid }))
    ],
    ['an event that there is not', (phone) => ({ event: SECRET, streamSid: phone.streamSid })],
    ['an event that is not a word', media({ event: ['media'] })],
    ['no event', media({ event: undefined })],
    ['a second connected', () => ({ event: 'connected', protocol: SECRET })],
    [
      'a second start, of another caller',
      () => ({ event: 'start', streamSid: 'MZ2', start: { streamSid: 'MZ2', callSid: SECRET, customParameters: {} } })
    ],
    ['a start that is none', (phone) => ({ event: 'start', streamSid: phone.streamSid, start: SECRET })],
    ["another stream's audio", media({ streamSid: 'MZ0123456789' })],
    ["another stream's stop", () => ({ event: 'stop', streamSid: 'MZ0123456789' })],
    ['audio of no stream', media({ streamSid: undefined })],
    ['a streamSid that is a number', media({ streamSid: 7 })],
    ['audio that is none', media({ media: null })],
    ['audio that is a list', media({ media: [SECRET] })],
    ['a payload that is no base64', media({}, { payload: `${SECRET}!` })],
    ['a payload with one letter too many', media({}, { payload: '/////' })],
    ['an empty payload', media({}, { payload: '' })],
    ['a payload that is a number', media({}, { payload: 8 })],
    ['a payload for a URL', media({}, { payload: '____' })],
    ['a key that there is not', (phone) => ({ event: 'dtmf', streamSid: phone.streamSid, dtmf: { digit: SECRET } })],
    ['no key', (phone) => ({ event: 'dtmf', streamSid: phone.streamSid, dtmf: {} })],
    ['a mark that nobody sent', (phone) => ({ event: 'mark', streamSid: phone.streamSid, mark: { name: SECRET } })],
    [
      'a mark without an end',
      (phone) => ({ event: 'mark', streamSid: phone.streamSid, mark: { name: 'm'.repeat(9_000) } })
    ],
    ['a mark that is none', (phone) => ({ event: 'mark', streamSid: phone.streamSid, mark: 1 })]
  ]
  test.each(bad)('%s', async (_what, make) => {
    const house = await startHouse({ model: TERSE, env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } })
    const call = await house.connect(tunnel)
    call.phone.sendFrame(make(call.phone))
    await expectUndisturbed(call)
    expect(call.call.context.callSid).toBe(call.phone.callSid)
    expectSilentLog(house)
  })

  test.each(['-1', '1e3', '99999999999999999999', '86400001', '0x10', ' 5', '', 'NaN', 5, null, [], {}])(
    'the timestamp %j, and no more than ten seconds of silence come of it',
    async (timestamp) => {
      const house = await startHouse({ model: TERSE, env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } })
      const call = await house.connect(tunnel)
      call.phone.sendFrame(media({}, { timestamp })(call.phone))
      await expectUndisturbed(call)
      expect(call.session.audioMs).toBeLessThan(11_000)
    }
  )
})

test('whatever comes after whatever, a live call goes on, another beside it too, and the log knows no word of it', async () => {
  const house = await startHouse({ model: TERSE, env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN, LOG_LEVEL: 'trace' } })
  const mine = await house.connect(tunnel)
  const other = await house.connect(tunnel)
  const { streamSid } = mine.phone
  const words = fc.oneof(fc.constant(SECRET), fc.string(), fc.jsonValue())
  const frame = fc.oneof(
    fc.string(),
    fc.json(),
    fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    fc.record(
      {
        event: fc.constantFrom('connected', 'start', 'media', 'dtmf', 'mark', SECRET),
        streamSid: fc.constantFrom(streamSid, 'MZ1', 5),
        sequenceNumber: words,
        start: fc.record({ streamSid: words, callSid: words, customParameters: fc.jsonValue() }, { requiredKeys: [] }),
        media: fc.record({ payload: words, timestamp: words, track: words }, { requiredKeys: [] }),
        dtmf: fc.record({ digit: words }),
        mark: fc.record({ name: words })
      },
      { requiredKeys: [] }
    )
  )
  const sendsAll = fc.asyncProperty(fc.array(frame, { maxLength: 10 }), async (frames) => {
    for (const one of frames) mine.phone.sendFrame(one as Frame)
    // The socket keeps the order: what comes back was said after all of that was read.
    const back = mine.session.audio.length
    await expect.poll(() => mine.session.audio.length, { timeout: 5_000, interval: 5 }).toBeGreaterThan(back)
    expect([mine.call.state.name, other.call.state.name]).toEqual(['live', 'live'])
  })
  await fc.assert(sendsAll, { numRuns: 60 })
  await expectUndisturbed(other)
  await expectUndisturbed(mine)
  expectSilentLog(house)
})

test('a stream of strangers that sends whatever it likes has no model to say it to', async () => {
  const house = await startHouse({ model: TERSE, env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } })
  const beside = await house.connect(tunnel)
  const anything = fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(anything, fc.jsonValue(), async (frames, parameters) => {
      const stream = await house.stream({ ...tunnel, start: false })
      for (const frame of frames) stream.sendFrame(frame)
      const start = { streamSid: 'MZ1', callSid: 'CA1', customParameters: { token: JSON.stringify(parameters) } }
      stream.sendFrame({ event: 'start', streamSid: 'MZ1', start })
      stream.sendFrame({ event: 'media', streamSid: 'MZ1', media: { payload: '////' } })
      expect(await stream.ended).toMatchObject({ reason: '1008' })
    }),
    { numRuns: 40 }
  )
  const others = house.model.sessions.filter((session) => session !== beside.session)
  expect(others.flatMap(({ received, appends }) => [...received.all, ...Array(appends)])).toEqual([])
  await expectUndisturbed(beside)
})
