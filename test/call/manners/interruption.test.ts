import { describe, expect, test } from 'vitest'
import { tone } from '../../../simulator/sound/mulaw.ts'
import { hasTurns, isSaid, startHouse } from '../../house.ts'
import { answers, calls, clears, heardMs, hears, obliging, quiet, requests, says } from './scene.ts'

const env = { MIN_INTERRUPTION_MS: '400' }
/** Answers whatever is said; turns are found in the sound on the line. */
const hearing = { ...obliging(() => [says('I see.')]), vad: true }

describe('with MIN_INTERRUPTION_MS', () => {
  test.each([
    ['a cough', 100],
    ['an "mhm"', 250]
  ])('%s lets the agent go on, as if it had not been', async (_what, ms) => {
    const house = await startHouse({ env, model: hearing })
    const { phone, call, session } = await house.connect()
    await session.say({ ms: 2_000, transcript: 'A long story.' })
    await hears(phone, 400)
    await phone.play(tone(ms))
    const { item_id } = await session.receives('conversation.item.delete')
    expect(session.sent.all).toContainEqual(expect.objectContaining({ type: 'input_audio_buffer.committed', item_id }))
    await quiet(call)
    expect(heardMs(phone)).toBeGreaterThan(1_950)
    expect(clears(phone)).toEqual([])
    expect(session.received.all.map(({ type }) => type)).not.toContain('conversation.item.truncate')
    expect(requests(session)).toEqual([])
    expect(call.transcript.turns).toMatchObject([{ who: 'agent', text: 'A long story.', cut: false }])
  })

  test('a caller who means it stops the agent where they heard it, and is answered', async () => {
    const house = await startHouse({ env, model: hearing })
    const { phone, call, session } = await house.connect()
    const { items } = await session.say({ ms: 4_000, transcript: 'one two three four five six seven eight nine ten' })
    await hears(phone, 400)
    const spokeAt = performance.now()
    void phone.play(tone(900))
    await phone.frames.next(({ event }) => event === 'clear')
    const heard = heardMs(phone)
    // So long and no longer, give or take a frame or two and the way there.
    expect(performance.now() - spokeAt).toBeGreaterThan(380)
    expect(performance.now() - spokeAt).toBeLessThan(700)
    const { item_id, audio_end_ms } = await session.receives('conversation.item.truncate')
    expect(item_id).toBe(items[0]?.id)
    // Marks stand every 200 ms, and the SDK adds 50 for what is being played just then.
    expect(Math.abs(audio_end_ms - heard)).toBeLessThan(300)
    await hears(phone, heard + 190)
    await quiet(call)
    expect(clears(phone)).toHaveLength(1)
    expect(requests(session)).toHaveLength(1)
    expect(call.transcript.turns).toMatchObject([{ who: 'agent', cut: true }, { who: 'caller' }, { text: 'I see.' }])
    expect(session.errors).toEqual([])
  })

  test('an answer that is still being made is stopped too', async () => {
    const house = await startHouse({ env, model: { ...hearing, pace: 1.5 } })
    const { phone, session } = await house.connect()
    const said = session.say({ ms: 4_000 })
    await hears(phone, 400)
    void phone.play(tone(900))
    expect((await said).status).toBe('cancelled')
    await phone.frames.next(({ event }) => event === 'clear')
    await session.receives('response.create')
    expect(session.errors).toEqual([])
  })

  test('a short word into silence is answered at once', async () => {
    const house = await startHouse({ env, model: hearing })
    const { phone, session } = await house.connect()
    await phone.play(tone(120))
    await session.sent.next(({ type }) => type === 'input_audio_buffer.committed')
    const committedAt = performance.now()
    await session.receives('response.create')
    expect(performance.now() - committedAt).toBeLessThan(200)
    await hears(phone, 190)
  })

  test('a short word that begins over the agent and ends after it is an answer', async () => {
    const house = await startHouse({ env, model: hearing })
    const { phone, session } = await house.connect()
    await session.say({ ms: 1_000, transcript: 'Does that suit you?' })
    await hears(phone, 840)
    await phone.play(tone(300))
    await hears(phone, 1_000 + 190 - 20)
    expect(answers(house)).toEqual(['Does that suit you?', 'I see.'])
    expect(clears(phone)).toEqual([])
  })

  test('a cough over the goodbye keeps no line open, a word does', async () => {
    const model = { ...obliging(() => [says('Goodbye.', 1_500), calls('hang_up')]), vad: true }
    const house = await startHouse({ env, model })
    const { phone, session } = await house.connect()
    const bye = async () => {
      const before = heardMs(phone)
      session.hearSpeech()
      session.hearSilence('Bye.')
      await hears(phone, before + 200)
    }
    await bye()
    void phone.play(tone(700))
    await phone.frames.next(({ event }) => event === 'clear')
    const heard = heardMs(phone)
    await hears(phone, heard + 200)
    void phone.play(tone(100))
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(heardMs(phone)).toBeGreaterThan(heard + 1_450)
    expect(clears(phone)).toHaveLength(1)
  })

  test('a cough does not swallow what a tool found', async () => {
    const model = {
      ...obliging(({ kind }) => (kind === 'tool_output' ? [says('Found.')] : [says('A moment.', 900), calls('menu')])),
      vad: true
    }
    const house = await startHouse({ env, model })
    const { phone, call, session } = await house.connect()
    session.sent.follow(({ type }) => {
      // While the tool is called the model hears a cough over "A moment."
      if (type === 'response.function_call_arguments.done') session.hearSpeech()
      if (type === 'response.done') setTimeout(() => session.hearSilence('[cough]'), 100)
    })
    session.hearSpeech()
    session.hearSilence('What is on the menu?')
    await isSaid(call, 'Found.')
    await quiet(call)
    expect(clears(phone)).toEqual([])
  })
})

test('without it any sound that the model takes for speech stops the agent', async () => {
  const house = await startHouse({ model: hearing })
  const { phone, session } = await house.connect()
  await session.say({ ms: 2_000 })
  await hears(phone, 400)
  void phone.play(tone(100))
  await phone.frames.next(({ event }) => event === 'clear')
  await session.receives('conversation.item.truncate')
})

describe('with PROTECT_GREETING', () => {
  const greets = {
    ...hearing,
    brain: ({ kind }: { kind: string }) => [kind === 'greeting' ? says('Hello.', 1_500) : says('I see.', 1_500)]
  }
  const settings = { PROTECT_GREETING: 'true', GREETING: 'Say hello.' }

  test('the greeting is heard to its end, whoever speaks, and what they said is answered after it', async () => {
    const house = await startHouse({ env: settings, model: greets })
    const { phone, call } = await house.connect()
    await hears(phone, 100)
    await phone.play(tone(500))
    await hears(phone, 1_500 + 1_400)
    await quiet(call)
    expect(clears(phone)).toEqual([])
    expect(answers(house)).toEqual(['Hello.', 'I see.'])
  })

  test('also from a caller who speaks before its first sound', async () => {
    const house = await startHouse({
      env: { ...settings, EARLY_GREETING: 'false' },
      model: { ...greets, speakMs: 500 }
    })
    const { phone, call } = await house.connect()
    await phone.play(tone(300))
    await hears(phone, 1_500 + 1_400)
    await quiet(call)
    expect(answers(house)).toEqual(['Hello.', 'I see.'])
  })

  test('the answers after it are interrupted as ever', async () => {
    const house = await startHouse({ env: settings, model: greets })
    const { phone, call, session } = await house.connect()
    await quiet(call)
    await phone.play(tone(300))
    await hears(phone, 1_500 + 300)
    void phone.play(tone(300))
    await phone.frames.next(({ event }) => event === 'clear')
    await session.receives('conversation.item.truncate')
  })

  test('a tone before a late greeting does not stand for it', async () => {
    const house = await startHouse({ env: settings, model: { ...greets, openMs: 2_400 } })
    const phone = await house.ring()
    await phone.frames.next(({ event, ...frame }) => event === 'mark' && JSON.stringify(frame).includes('house:'))
    const call = await house.answered.next()
    await hasTurns(call, 1)
    await phone.play(tone(300))
    await quiet(call)
    expect(clears(phone)).toEqual([])
    expect(answers(house)).toEqual(['Hello.', 'I see.'])
  })
})
