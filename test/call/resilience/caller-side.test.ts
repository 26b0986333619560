import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Inbox } from '../../../simulator/inbox.ts'
import {
  eventually,
  type House,
  parametersOf,
  reaches,
  startFrame,
  startHouse,
  tokenFor,
  webhook
} from '../../house.ts'
import { hears, obliging, told } from '../manners/scene.ts'

const FIVE_MINUTES_MS = 5 * 60_000
/** What the model says in one breath here: minutes of it, in few events. */
const DELTA_MS = 2_000
const talkative = { vad: false, pace: Number.POSITIVE_INFINITY, deltaBytes: DELTA_MS * 8 }

/** Twilio's end of a stream, which plays nothing by itself: marks come back when the test lets them. */
async function bareStream(house: House) {
  const socket = house.bareStream()
  const frames = new Inbox<{ event: string; media?: { payload: string }; mark?: { name: string } }>('frames')
  let sentMs = 0
  socket.on('message', (data) => {
    const frame = JSON.parse(data.toString())
    frames.push(frame)
    if (frame.media) sentMs += Buffer.from(frame.media.payload, 'base64').length / 8
  })
  socket.on('error', () => {})
  await once(socket, 'open')
  const customParameters = tokenFor(house.app, 'CA1')
  socket.send(JSON.stringify(startFrame({ streamSid: 'MZ1', callSid: 'CA1', customParameters })))
  return {
    socket,
    frames,
    sentMs: () => sentMs,
    marks: () => frames.all.flatMap(({ mark }) => (mark ? [mark.name] : [])),
    giveBack: (name: string) => socket.send(JSON.stringify({ event: 'mark', streamSid: 'MZ1', mark: { name } }))
  }
}

describe('a stream that goes while the caller stays', () => {
  test('is opened again, and the agent goes on where they were', async () => {
    const house = await startHouse({ model: obliging() })
    const verbs = await webhook(house, { CallSid: 'CA1' })
    const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs), closeStyle: 'dies' })
    const session = await house.model.nextSession()
    await session.say({ ms: 200, transcript: 'We are open until five.' })
    await hears(phone, 190)
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ endReason: 'stream_lost' })
    const again = await webhook(house, { CallSid: 'CA1', CallStatus: 'in-progress' }, '/call-ended')
    expect(again).toMatchObject([{ name: 'Connect' }])
    const back = await house.stream({ callSid: 'CA1', customParameters: parametersOf(again) })
    await hears(back, 190)
    expect(told(await house.model.nextSession()).join()).toContain('We are open until five.')
  })

  test('also when it went before the agent was there', async () => {
    const house = await startHouse({ model: { openMs: 60_000 } })
    const verbs = await webhook(house, { CallSid: 'CA1' })
    const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs), closeStyle: 'dies' })
    const call = await house.answered.next()
    await reaches(call, 'connecting')
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ endReason: 'caller_left_early' })
    const again = await webhook(house, { CallSid: 'CA1', CallStatus: 'in-progress' }, '/call-ended')
    expect(again).toMatchObject([{ name: 'Connect' }])
  })

  test('but not for ever', async () => {
    const house = await startHouse()
    let verbs = await webhook(house, { CallSid: 'CA1' })
    for (let streams = 0; streams < 4; streams++) {
      const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs), closeStyle: 'dies' })
      const call = await house.answered.next()
      await reaches(call, 'live')
      phone.hangUp()
      await house.records.next()
      verbs = await webhook(house, { CallSid: 'CA1', CallStatus: 'in-progress' }, '/call-ended')
    }
    expect(verbs.map(({ name }) => name)).toEqual(['Say', 'Hangup'])
  })

  test('and one that falls silent without a word is given up', { timeout: 25_000 }, async () => {
    const house = await startHouse()
    const phone = await house.stream({ start: false })
    phone.sendFrame(startFrame(phone))
    expect(await house.records.next(undefined, 15_000)).toMatchObject({ endReason: 'stream_lost' })
    await phone.ended
    for (const session of house.model.sessions) await session.closed
  })
})

test('`stop` alone ends the call: Twilio may take its time to close', async () => {
  const house = await startHouse()
  const { phone, session } = await house.connect()
  phone.sendFrame({ event: 'stop', streamSid: phone.streamSid, stop: { callSid: phone.callSid } })
  expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up' })
  await session.closed
  await phone.ended
})

describe('Twilio asks what comes next before the stream’s close has reached us', () => {
  test.each([
    ['completed', 'caller_hung_up', 'Hangup'],
    ['in-progress', 'stream_lost', 'Connect']
  ])('of a call that is %s', async (CallStatus, endReason, verb) => {
    const house = await startHouse()
    const verbs = await webhook(house, { CallSid: 'CA1' })
    const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    const session = await house.model.nextSession()
    await session.receives('session.update')
    expect(await webhook(house, { CallSid: 'CA1', CallStatus }, '/call-ended')).toMatchObject([{ name: verb }])
    expect(await house.records.next()).toMatchObject({ endReason })
    await Promise.all([session.closed, phone.ended])
  })
})

test('a newer stream of the same call has it, and what is asked about the older one does not end it', async () => {
  const house = await startHouse({ model: obliging() })
  const first = await house.connect({ callSid: 'CA1' })
  const verbs = await webhook(house, { CallSid: 'CA1' })
  const second = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
  const call = await house.answered.next()
  expect(await house.records.next()).toMatchObject({ endReason: 'superseded' })
  expect(await first.phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
  const session = await house.model.nextSession()
  void session.say({ ms: 100 })
  await hears(second, 90)
  expect(call.state.name).toBe('live')
  second.hangUp()
  expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up' })
})

describe('playback that runs far ahead of the caller', () => {
  test('waits here beyond five minutes, goes on as Twilio plays, and is gone with a clear', async () => {
    const house = await startHouse({ model: talkative })
    const twilio = await bareStream(house)
    const session = await house.model.nextSession()
    await session.say({ ms: 8 * 60_000 })
    await eventually(twilio.sentMs, (ms) => ms >= FIVE_MINUTES_MS)
    const call = await house.answered.next()
    await eventually(
      () => call.caller.playback.aheadMs,
      (ms) => ms >= 8 * 60_000
    )
    expect(twilio.sentMs()).toBeLessThanOrEqual(FIVE_MINUTES_MS + DELTA_MS)
    for (const name of twilio.marks().slice(0, 50)) twilio.giveBack(name)
    await eventually(twilio.sentMs, (ms) => ms >= FIVE_MINUTES_MS + 50 * DELTA_MS)
    expect(twilio.sentMs()).toBeLessThanOrEqual(FIVE_MINUTES_MS + 51 * DELTA_MS)
    session.hearSpeech()
    await twilio.frames.next(({ event }) => event === 'clear')
    const before = twilio.frames.all.length
    for (const name of twilio.marks()) twilio.giveBack(name)
    session.hearSilence('Enough.')
    await session.receives('conversation.item.retrieve')
    expect(twilio.frames.all.slice(before).filter(({ event }) => event === 'mark').length).toBeLessThan(20)
    expect(call.caller.playback.aheadMs).toBeLessThan(FIVE_MINUTES_MS)
  })

  test('that nobody reads or plays any more ends in a bounded heap', async () => {
    const house = await startHouse({ model: talkative })
    const twilio = await bareStream(house)
    const session = await house.model.nextSession()
    await session.receives('session.update')
    twilio.socket.pause()
    void session.say({ ms: 14 * 60_000 })
    expect(await house.records.next(undefined, 12_000)).toMatchObject({ endReason: 'stream_abused' })
    await session.closed
    expect(house.app.calls.live).toBe(0)
  })
})
