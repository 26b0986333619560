import { describe, expect, test } from 'vitest'
import * as cues from '../../src/agent/cues.ts'
import { type House, parametersOf, reaches, receivesSound, startFrame, startHouse, webhook } from '../house.ts'

const ends = ({ log }: House) => log.all.filter(({ msg }) => msg === 'call ended')

describe('a caller who hangs up', () => {
  test('ends the call, and both sides are closed', async () => {
    const house = await startHouse()
    const { phone, session } = await house.connect()
    phone.hangUp()
    await session.closed
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up', callSid: phone.callSid })
    expect(house.app.calls.live).toBe(0)
    expect(ends(house)).toHaveLength(1)
  })

  test.each(['no-stop', 'dies'] as const)(
    'or whose stream is lost (%s) is told apart in the record',
    async (closeStyle) => {
      const house = await startHouse()
      const { phone, session } = await house.connect({ closeStyle })
      phone.hangUp()
      await session.closed
      expect(await house.records.next()).toMatchObject({ endReason: 'stream_lost' })
    }
  )

  test('during the greeting ends it there', async () => {
    const house = await startHouse({
      env: { GREETING: 'Say hello.' },
      model: { pace: 1, brain: () => [{ tone: 2_000 }] }
    })
    const phone = await house.ring()
    await phone.frames.next(({ event }) => event === 'media')
    phone.hangUp()
    const [session] = house.model.sessions
    await session?.closed
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up', firstAudioMs: expect.any(Number) })
  })

  test('in the moment in which the model goes is one call with one end', async () => {
    const house = await startHouse()
    const { phone, session } = await house.connect()
    session.drop(1011, 'server_error')
    phone.hangUp()
    await house.records.next()
    await session.closed
    expect(ends(house)).toHaveLength(1)
    expect(house.app.calls.live).toBe(0)
  })

  test('in the moment in which the server does is one call with one end', async () => {
    const house = await startHouse()
    const { phone, call } = await house.connect()
    call.end('agent_hung_up')
    phone.hangUp()
    call.end('drained')
    expect(await house.records.next()).toMatchObject({ endReason: 'agent_hung_up' })
    await phone.ended
    expect(ends(house)).toHaveLength(1)
    expect(house.records.all).toHaveLength(1)
  })

  test('while the model is being found again is a caller who hung up', async () => {
    const house = await startHouse()
    const { phone, call, session } = await house.connect()
    house.model.refuse('hang')
    session.drop(1011, 'server_error')
    await reaches(call, 'reconnecting')
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up' })
  })
})

describe('a stream that does what Twilio would not', () => {
  const hostile: [string, (streamSid: string) => object | string | Buffer, string][] = [
    ['a second start', (streamSid) => startFrame({ streamSid: `${streamSid}x`, callSid: 'CAother' }), 'second start'],
    ['no JSON', () => '{"event":', 'not a frame'],
    ['an unknown event', () => ({ event: 'video' }), 'not a frame'],
    ['a binary frame', () => Buffer.from([0, 1, 2]), 'binary'],
    ['a frame of another stream', () => ({ event: 'stop', streamSid: 'MZother' }), 'of another stream']
  ]
  test.each(hostile)('%s is skipped and noted once, and the call goes on', async (_what, frame, why) => {
    const house = await startHouse()
    const { phone, call, session } = await house.connect()
    for (let times = 0; times < 3; times++) phone.sendFrame(frame(phone.streamSid ?? ''))
    await house.log.next((line) => line['why'] === why)
    void session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
    expect(call.context.callSid).toBe(phone.callSid)
    expect(house.log.all.filter((line) => line['why'] === why)).toMatchObject([{ level: 40 }])
  })

  test("another stream's audio is never given to the model", async () => {
    const house = await startHouse({ model: { vad: false } })
    const { phone, session } = await house.connect()
    const payload = Buffer.alloc(160, 0x11).toString('base64')
    phone.sendFrame({ event: 'media', streamSid: 'MZother', media: { payload, timestamp: '155' } })
    await phone.play(Buffer.alloc(160, 0x22))
    await receivesSound(session, Buffer.of(0x22))
    expect(session.audio.includes(0x11)).toBe(false)
  })

  test('a frame of 100 kB ends it', async () => {
    const house = await startHouse({ provokes: ['the log'] })
    const phone = await house.stream()
    const session = await house.model.nextSession()
    await session.receives('session.update')
    phone.sendFrame('x'.repeat(100_000))
    // The close may be overtaken by the reset of a connection on which much was still to be read.
    expect((await phone.ended).by).not.toBe('caller')
    expect(await house.records.next()).toMatchObject({ endReason: 'stream_lost' })
    await session.closed
  })

  test('a flood of frames ends it, and the caller is told', async () => {
    const house = await startHouse()
    const { phone, session } = await house.connect()
    const media = { payload: '////', timestamp: '155' }
    for (let count = 0; count < 2_000; count++) phone.sendFrame({ event: 'media', streamSid: phone.streamSid, media })
    expect(await house.records.next()).toMatchObject({ endReason: 'stream_abused' })
    await session.closed
    await phone.ended
    expect(phone.said.all).toEqual([expect.stringContaining(cues.apology)])
  })
})

describe('two streams for one call', () => {
  test('the newer one has the caller, and the older one is let go', async () => {
    const house = await startHouse()
    const streams = []
    for (let count = 0; count < 2; count++) {
      const verbs = await webhook(house, { CallSid: 'CA1', From: '+15551230001' })
      streams.push(await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) }))
      const call = await house.answered.next()
      await reaches(call, 'live')
    }
    const [older, newer] = streams
    expect(await house.records.next()).toMatchObject({ endReason: 'superseded', streamSid: older?.streamSid })
    expect(await older?.ended).toMatchObject({ by: 'server', reason: '1000' })
    await house.model.sessions[0]?.closed
    void house.model.sessions[1]?.say({ ms: 40 })
    await newer?.frames.next(({ event }) => event === 'media')
    expect(house.app.calls.live).toBe(1)
  })

  test('the question what comes after the older one does not end the newer one', async () => {
    const house = await startHouse()
    const older = await house.connect({ callSid: 'CA1' })
    const verbs = await webhook(house, { CallSid: 'CA1' })
    const newer = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    expect(await older.phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    void (await house.model.nextSession()).say({ ms: 40 })
    await newer.frames.next(({ event }) => event === 'media')
    expect(house.app.calls.live).toBe(1)
  })

  test('a token that was used never disturbs the living call', async () => {
    const house = await startHouse()
    const { phone, call, session } = await house.connect({ callSid: 'CA1' })
    const thief = await house.stream({ callSid: 'CA1', customParameters: phone.customParameters ?? {} })
    expect(await thief.ended).toMatchObject({ by: 'server', reason: '1008' })
    expect(await house.records.next()).toMatchObject({ endReason: 'stream_refused', from: undefined })
    expect(call.state.name).toBe('live')
    void session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up', callSid: 'CA1' })
  })
})

describe('a stream before its webhook', () => {
  test('is a call when it has a token, and the webhook that comes late takes no second line', async () => {
    const house = await startHouse({ env: { MAX_CALLS: '1' } })
    const phone = await house.stream({ callSid: 'CA1' })
    const session = await house.model.nextSession()
    await session.receives('session.update')
    expect(await webhook(house, { CallSid: 'CA1' })).toMatchObject([{ name: 'Connect' }])
    expect(house.model.handshakes.all).toHaveLength(1)
    void session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
  })
})

describe('lines', () => {
  test('are taken by the webhook, once a call, and free again when it has ended', async () => {
    const house = await startHouse({ env: { MAX_CALLS: '1' } })
    const names = async (CallSid: string) => (await webhook(house, { CallSid })).map(({ name }) => name)
    const first = await house.ring({ callSid: 'CA1' })
    expect(await names('CA1')).toEqual(['Connect'])
    expect(await names('CA2')).toEqual(['Reject'])
    await first.streaming
    first.hangUp()
    await house.records.next()
    expect(await names('CA2')).toEqual(['Connect'])
  })
})

describe('a server that drains', () => {
  test('takes no new caller, and lets those who are connecting have their call', async () => {
    const house = await startHouse({ model: { openMs: 300 } })
    const phone = await house.ring()
    await phone.streaming
    const drained = house.app.calls.drain(10_000)
    const late = await house.ring()
    expect(await late.ended).toMatchObject({ by: 'reject', reason: 'busy' })
    const session = await house.model.nextSession()
    await session.receives('session.update')
    void session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
    phone.hangUp()
    await drained
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up' })
  })

  test('puts new callers through where there is somebody', async () => {
    const house = await startHouse({ env: { FALLBACK_NUMBER: '+15551230009' } })
    const drained = house.app.calls.drain(10_000)
    const late = await house.ring()
    expect((await late.ended).dialled).toEqual(['+15551230009'])
    await drained
  })

  test('still takes the stream of a caller it answered before', async () => {
    const house = await startHouse()
    const verbs = await webhook(house, { CallSid: 'CA1' })
    let isDrained = false
    const drained = house.app.calls.drain(10_000).then(() => {
      isDrained = true
    })
    const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    const session = await house.model.nextSession()
    void session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
    // Who closed the server now would cut this call off.
    expect(isDrained).toBe(false)
    phone.hangUp()
    await drained
  })

  test('says goodbye to those who are left when its time is up', async () => {
    const house = await startHouse({ model: { brain: () => [{ tone: 100 }] } })
    const { phone, session } = await house.connect()
    await house.app.calls.drain(50)
    expect(await house.records.next()).toMatchObject({ endReason: 'drained' })
    await session.closed
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
  })
})
