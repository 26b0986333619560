import { describe, expect, test } from 'vitest'
import type { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { distinctSound, eventually, startHouse } from '../house.ts'
import { calls, clears, heardMs, hears, obliging, quiet, requests, says, speak } from './manners/scene.ts'

/** Answers come from the test alone, each as one burst. */
const burst = (deltaMs: number) => ({ ...obliging(), deltaBytes: deltaMs * 8 })

const marks = (phone: PhoneCall) =>
  phone.frames.all.flatMap((frame) => (frame.event === 'mark' ? [frame.mark.name] : []))

describe('a long answer that is interrupted', () => {
  test.each([
    ['a minute in deltas of 100 ms', 60_000, 100],
    ['a quarter of a minute in deltas of 20 ms', 15_000, 20],
    ['two and a half minutes in deltas of 200 ms', 150_000, 200]
  ])('does not end the call when Twilio returns its marks at once: %s', async (_what, ms, deltaMs) => {
    const house = await startHouse({ model: burst(deltaMs) })
    const { phone, call, session } = await house.connect()
    await session.say({ ms })
    await hears(phone, 300)
    session.hearSpeech()
    await phone.frames.next(({ event }) => event === 'clear')
    session.hearSilence('Stop.')
    await hears(phone, 490)
    expect(call.state.name).toBe('live')
  })

  test('in small deltas asks for one mark in 200 ms, and the model forgets nothing that was heard', async () => {
    const house = await startHouse({ model: burst(20) })
    const { phone, session } = await house.connect()
    await session.say({ ms: 4_000 })
    await hears(phone, 1_110)
    session.hearSpeech()
    await phone.frames.next(({ event }) => event === 'clear')
    const heard = heardMs(phone)
    const { audio_end_ms } = await session.receives('conversation.item.truncate')
    // The SDK adds 50 for what is being played.
    expect(audio_end_ms).toBeLessThanOrEqual(heard + 60)
    expect(audio_end_ms).toBeGreaterThan(heard - 60)
    expect(marks(phone)).toHaveLength(4_000 / 200 + 1)
  })
})

describe('a line on which no mark ever comes back', () => {
  const deaf = { returnsMarks: false }

  test('is hung up when the goodbye was heard, whatever was said before', async () => {
    const house = await startHouse({ model: obliging(() => [says('Goodbye.', 1_000), calls('hang_up')]) })
    const { phone, call, session } = await house.connect(deaf)
    await session.say({ ms: 3_000 })
    await hears(phone, 2_950)
    await quiet(call)
    const before = performance.now()
    speak(session, 'Bye.')
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(performance.now() - before).toBeLessThan(1_000 + 3_500)
    expect(heardMs(phone)).toBeGreaterThan(3_900)
  })

  test('has its silent caller asked whether they are there', async () => {
    const house = await startHouse({ model: obliging(), env: { SILENCE_TIMEOUT_MS: '500' } })
    const { phone, session } = await house.connect(deaf)
    await session.say({ ms: 500 })
    await session.receives('response.create', undefined, 5_000)
    await hears(phone, 890)
  })

  test('ends soon after MAX_CALL_MS', async () => {
    const house = await startHouse({ model: obliging(), env: { MAX_CALL_MS: '2500' } })
    const { phone, session } = await house.connect(deaf)
    await session.say({ ms: 1_000 })
    expect(await house.records.next(undefined, 9_000)).toMatchObject({ endReason: 'too_long' })
    // The goodbye was asked for, and heard.
    expect(requests(session)).toHaveLength(1)
    expect(heardMs(phone)).toBeGreaterThan(1_350)
    expect((await phone.ended).durationMs).toBeLessThan(6_500)
  })

  test('lets a caller who speaks after the agent be answered, and takes nothing back', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect(deaf)
    await session.say({ ms: 400 })
    await hears(phone, 390)
    await quiet(call)
    speak(session, 'Hello?')
    await hears(phone, 590)
    expect(clears(phone)).toEqual([])
    expect(session.received.all.map(({ type }) => type)).not.toContain('conversation.item.truncate')
  })
})

test('ten minutes in one delta go to the caller in pieces, five minutes at a time', async () => {
  const house = await startHouse({ model: obliging() })
  const { phone, call, session } = await house.connect()
  const said = session.say({ ms: 100 })
  const { item_id, response_id } = await session.sent
    .next(({ type }) => type === 'response.output_audio_transcript.delta')
    .then((event) => event as unknown as { item_id: string; response_id: string })
  await said
  const delta = distinctSound(600_000).toString('base64')
  const ids = { response_id, item_id, output_index: 0, content_index: 0 }
  session.send({ type: 'response.output_audio.delta', ...ids, delta })
  await eventually(
    () => phone.bufferedMs,
    (ms) => ms > 290_000
  )
  await eventually(
    () => call.caller.playback.aheadMs,
    (ms) => ms > 595_000
  )
  // The rest waits here, and Twilio throws nothing away.
  expect(phone.bufferedMs).toBeLessThan(310_000)
  const pieces = phone.frames.all.flatMap((frame) => (frame.event === 'media' ? [frame.media.payload.length] : []))
  expect(Math.max(...pieces)).toBeLessThan(22_000)
  session.hearSpeech()
  await phone.frames.next(({ event }) => event === 'clear')
  expect(call.state.name).toBe('live')
})

test('what runs more than eleven minutes ahead is not kept, and the call goes on', async () => {
  const house = await startHouse({ model: { ...obliging(), deltaBytes: 16_000 } })
  const { phone, call, session } = await house.connect()
  await session.say({ ms: 14 * 60_000 })
  expect(await house.log.next(({ limit }) => limit === 'unplayed audio')).toMatchObject({ level: 40 })
  expect(call.caller.playback.aheadMs).toBeLessThan(12 * 60_000)
  session.hearSpeech()
  await phone.frames.next(({ event }) => event === 'clear')
  session.hearSilence('Enough.')
  const before = heardMs(phone)
  await hears(phone, before + 190)
  expect(call.state.name).toBe('live')
})
