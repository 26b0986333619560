import { describe, expect, test } from 'vitest'
import { StreamTokens } from '../../src/twilio/stream-token.ts'
import { eventually, type House, startHouse } from '../house.ts'
import { AUTH_TOKEN, PUBLIC } from './stranger.ts'

const tunnel = { authToken: AUTH_TOKEN, publicUrl: PUBLIC }
const claims = { callSid: 'CA1', from: '+15551230001', to: '+15551239999', direction: 'inbound', parameters: {} }

function startLocked() {
  return startHouse({ env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN, EARLY_GREETING: 'false' } })
}

/** Every model socket that was opened for the stream is closed, and nothing was ever said on it. */
async function expectNoModel(house: House): Promise<void> {
  // One may still be opening as its call ends.
  await Promise.all(house.model.sessions.map(({ closed }) => closed))
  expect(house.model.sessions.flatMap(({ received }) => received.all)).toEqual([])
  expect(house.app.calls.live).toBe(0)
}

describe('a stream that Twilio signed, with', () => {
  const genuine = () => new StreamTokens(AUTH_TOKEN).issue(claims)
  const split = () => genuine()['token']?.split('.') ?? []
  const forgeries: [string, () => Record<string, string>, string][] = [
    ['no token', () => ({}), 'missing'],
    ['an empty token', () => ({ token: '' }), 'missing'],
    ['nonsense for a token', () => ({ token: 'nonsense' }), 'forged'],
    ['a token without its signature', () => ({ token: `${split()[0]}.` }), 'forged'],
    ['a signature without its token', () => ({ token: `.${split()[1]}` }), 'forged'],
    ['a token that lost its last letter', () => ({ token: genuine()['token']?.slice(0, -1) ?? '' }), 'forged'],
    [
      'a token that says another caller',
      () => ({
        token: `${Buffer.from(JSON.stringify({ ...claims, from: '+15550000000', expiresAt: 9e15, nonce: 'n' })).toString('base64url')}.${split()[1]}`
      }),
      'forged'
    ],
    ['a token of another account', () => new StreamTokens('another').issue(claims), 'forged'],
    [
      'a token whose minute is over',
      () => new StreamTokens(AUTH_TOKEN, () => Date.now() - 61_000).issue(claims),
      'expired'
    ],
    [
      'a token for another call',
      () => new StreamTokens(AUTH_TOKEN).issue({ ...claims, callSid: 'CA2' }),
      'for another call'
    ]
  ]
  test.each(forgeries)('%s is closed with 1008, and its model with it', async (_what, parameters, why) => {
    const house = await startLocked()
    const stream = await house.stream({ ...tunnel, callSid: 'CA1', customParameters: parameters() })
    expect(await stream.ended).toMatchObject({ by: 'server', reason: '1008' })
    expect(await house.records.next()).toMatchObject({ endReason: 'stream_refused', from: undefined })
    expect(await house.log.next(({ level }) => level === 40)).toMatchObject({ why })
    expect(stream.frames.all).toEqual([])
    await expectNoModel(house)
  })

  test('the token of a call that is live is closed, and the call goes on', async () => {
    const house = await startLocked()
    const { phone, session } = await house.connect({ ...tunnel })
    const stolen = phone.customParameters ?? {}
    for (const callSid of [phone.callSid, 'CAother']) {
      const stream = await house.stream({ ...tunnel, callSid, customParameters: stolen })
      expect(await stream.ended).toMatchObject({ reason: '1008' })
    }
    await session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
    expect(house.app.calls.live).toBe(1)
  })

  test('anything but a start is nobody for five seconds, and then closed with 1008', async () => {
    const house = await startLocked()
    const stream = await house.stream({ ...tunnel, start: false })
    const streamSid = 'MZ1'
    stream.sendFrame({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    stream.sendFrame({ event: 'media', streamSid, media: { timestamp: '20', payload: '////' } })
    stream.sendFrame({ event: 'dtmf', streamSid, dtmf: { digit: '1' } })
    stream.sendFrame({ event: 'start', streamSid, start: { customParameters: { token: 'a' } } })
    stream.sendFrame({ event: 'stop', streamSid })
    expect(await stream.ended).toMatchObject({ by: 'server', reason: '1008' })
    expect(await house.records.next()).toMatchObject({ endReason: 'no_start', callSid: undefined })
    await expectNoModel(house)
  })
})

test('the agent believes the webhook, and nothing that a stream says of itself', async () => {
  const house = await startLocked()
  const parameters = {
    ...new StreamTokens(AUTH_TOKEN).issue({ ...claims, parameters: { plan: 'basic' } }),
    from: '+15550000000',
    to: '+15550000000',
    callSid: 'CAforged',
    direction: 'outbound-api',
    parameters: '{"plan":"gold"}'
  }
  await house.stream({ ...tunnel, callSid: 'CA1', from: '+15550000000', customParameters: parameters })
  const { context } = await house.answered.next()
  await eventually(
    () => context.callSid,
    (callSid) => callSid !== ''
  )
  expect(context).toMatchObject({ ...claims, parameters: { plan: 'basic' } })
})

test('an upgrade that is replayed many times opens a handful of models, and no more', async () => {
  const house = await startLocked()
  for (let count = 0; count < 12; count += 1) await house.stream({ ...tunnel, start: false })
  await eventually(
    () => house.app.calls.live,
    (live) => live === 12
  )
  expect(house.model.handshakes.all.length).toBeLessThanOrEqual(4)
  // A caller who comes meanwhile has their own.
  const phone = await house.ring({ ...tunnel })
  await phone.streaming
  await eventually(
    () => house.answered.all.map((call) => [call.context.callSid, call.state.name].join(' ')),
    (calls) => calls.includes(`${phone.callSid} live`)
  )
})

test('what is kept of used tokens is forgotten when they have expired', () => {
  let now = 0
  const tokens = new StreamTokens(AUTH_TOKEN, () => now)
  for (let minute = 0; minute < 60; minute += 1) {
    now = minute * 61_000
    for (let call = 0; call < 20; call += 1) {
      expect(tokens.redeem(tokens.issue({ ...claims, callSid: `CA${call}` }), `CA${call}`)).toMatchObject({
        from: claims.from
      })
    }
    expect(tokens.remembered).toBe(20)
  }
})
