import { describe, expect, test } from 'vitest'
import { eventually, journalOf, playedOut, startHouse } from '../house.ts'
import { clears, heardMs, hears } from './manners/scene.ts'

/** Turns come from the test alone. */
const scene = { vad: false, pace: 10 }

describe('a caller who speaks over the agent stops it where they heard it', () => {
  test.each([
    ['while it is still thinking of more', 1.5],
    ['when it has long finished, and only its voice goes on', Number.POSITIVE_INFINITY]
  ])('%s', async (_what, pace) => {
    const house = await startHouse({ model: { ...scene, pace } })
    const { phone, session } = await house.connect()
    const said = session.say({ ms: 4_000 })
    await hears(phone, 500)
    session.hearSpeech()
    await phone.frames.next(({ event }) => event === 'clear')
    const heard = heardMs(phone)
    const { item_id, audio_end_ms } = await session.receives('conversation.item.truncate')
    expect(item_id).toBe((await said).items[0]?.id)
    // What was heard is known up to the last mark that came back, 200 ms apart; the SDK adds 50 for what is being played.
    expect(audio_end_ms).toBeLessThanOrEqual(heard + 50)
    expect(audio_end_ms).toBeGreaterThan(Math.max(200, heard - 1_000))
    expect(clears(phone)).toHaveLength(1)
    // The model cancels by itself; a cancel of ours would only be refused.
    expect(session.received.all.map(({ type }) => type)).not.toContain('response.cancel')
    expect(session.errors).toEqual([])
    expect(heardMs(phone)).toBeLessThan(heard + 300)
  })

  test('and the transcript keeps what they heard, marked as cut', async () => {
    const house = await startHouse({ model: { ...scene, pace: Number.POSITIVE_INFINITY } })
    const { phone, call, session } = await house.connect()
    const words = 'one two three four five six seven eight nine ten'
    await session.say({ ms: 4_000, transcript: words })
    await hears(phone, 1_000)
    session.hearSpeech()
    await phone.frames.next(({ event }) => event === 'clear')
    const [turn] = call.transcript.turns
    expect(turn).toMatchObject({ who: 'agent', cut: true, text: expect.stringMatching(/^one two/) })
    expect(words.startsWith(`${turn?.text} `)).toBe(true)
  })

  test('and hears the next answer, not the rest of the old one', async () => {
    const house = await startHouse({ model: { ...scene, brain: () => [{ tone: 100 }] } })
    const { phone, call, session } = await house.connect()
    void session.say({ ms: 4_000 })
    await hears(phone, 300)
    session.hearSpeech()
    await phone.frames.next(({ event }) => event === 'clear')
    const before = heardMs(phone)
    session.hearSilence('Wait.')
    await hears(phone, before + 95)
    await playedOut(call)
    expect(heardMs(phone) - before).toBeLessThan(150)
  })
})

test('a barge-in is over when the marks of the cleared audio are back', async () => {
  const house = await startHouse({ model: { ...scene, pace: Number.POSITIVE_INFINITY } })
  const { phone, call, session } = await house.connect()
  await session.say({ ms: 4_000 })
  await hears(phone, 300)
  session.hearSpeech()
  const ofType = (type: 'barge_in' | 'agent_silent') => journalOf(call).find(({ event }) => event.type === type)
  const bargeIn = await eventually(
    () => ofType('barge_in'),
    (entry) => entry !== undefined
  )
  if (bargeIn?.event.type !== 'barge_in') throw new Error('no barge-in')
  const { clearMs, silentMs, talkOverMs, voiceStartMs } = bargeIn.event
  expect(silentMs).toBeGreaterThan(clearMs)
  expect(silentMs).toBeCloseTo(bargeIn.atMs, 0)
  expect(talkOverMs).toBeLessThanOrEqual(silentMs - voiceStartMs + 0.1)
  expect(bargeIn.seq).toBeGreaterThan(Number(ofType('agent_silent')?.seq))
})

test('a barge-in whose stream ends first is told all the same', async () => {
  const house = await startHouse({ model: { ...scene, pace: Number.POSITIVE_INFINITY } })
  const { phone, call, session } = await house.connect({ returnsMarks: false })
  await session.say({ ms: 4_000 })
  await hears(phone, 300)
  session.hearSpeech()
  await phone.frames.next(({ event }) => event === 'clear')
  const types = () => journalOf(call).map(({ event }) => event.type)
  expect(types()).not.toContain('barge_in')
  phone.hangUp()
  await house.records.next()
  expect(types().filter((type) => type === 'barge_in' || type === 'ended')).toEqual(['barge_in', 'ended'])
})

test('a caller who speaks when everything was played clears nothing', async () => {
  const house = await startHouse({ model: { ...scene, brain: () => [{ tone: 100 }] } })
  const { phone, call, session } = await house.connect()
  await session.say({ ms: 300 })
  await phone.frames.next(({ event }) => event === 'media')
  await playedOut(call)
  const before = phone.frames.all.length
  session.hearSpeech()
  session.hearSilence('Hello.')
  await eventually(
    () => phone.frames.all.slice(before).map(({ event }) => event),
    (events) => events.includes('media')
  )
  expect(clears(phone)).toEqual([])
  expect(session.received.all.map(({ type }) => type)).not.toContain('conversation.item.truncate')
  expect(call.transcript.turns[0]).toMatchObject({ who: 'agent', cut: false })
})
