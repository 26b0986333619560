import { expect, test } from 'vitest'
import type { Dependencies } from '../../src/app.ts'
import { distinctSound, eventually, type House, hasTurns, playedOut, sdk, startHouse } from '../house.ts'

/** Ids are new in each call: the first one that is named becomes the first, and so on. */
function anonymous(messages: readonly unknown[]): string[] {
  const known = new Map<string, string>()
  const nameless = (id: string) => {
    const name = known.get(id) ?? `id${known.size}`
    known.set(id, name)
    return name
  }
  return messages.map((message) =>
    JSON.stringify(message)
      .replace(/\b(?:item|resp|MZ|call)_?\w{8,}/g, nameless)
      // The agent is told the time, and the minute may change between the two calls.
      .replace(/the time at the practice is \d\d:\d\d/, '')
  )
}

/** Events of which the SDK's session hears although the SDK has not read them. */
const READ_FOR_THE_SDK: ReadonlySet<string> = new Set([
  'conversation.item.truncated',
  'conversation.item.input_audio_transcription.completed'
])

/** A call with everything that the SDK does to audio: marks, a gap that is filled, an interruption that is truncated. */
async function converse(house: House) {
  const { phone, call, session } = await house.connect()
  const told: string[] = []
  sdk(call).session.on('audio_stopped', () => told.push('audio_stopped'))
  sdk(call).session.on('transport_event', ({ type }) => READ_FOR_THE_SDK.has(type) && told.push(type))
  await session.say({ ms: 600, transcript: 'How can I help you?' })
  await phone.frames.next(({ event }) => event === 'media')
  await playedOut(call)
  const sound = distinctSound(100)
  await phone.play(sound)
  phone.gap(200)
  await phone.play(Buffer.alloc(240 * 8, 0xff))
  await phone.play(sound)
  const pauseMs = () => (session.audio.lastIndexOf(sound) - session.audio.indexOf(sound) - sound.length) / 8
  await eventually(pauseMs, (ms) => ms >= 200)
  const { items } = await session.say({
    ms: 4_000,
    transcript: 'Let me tell you all that we can do for you, one by one.'
  })
  // By then all of it is at Twilio, and some of it was heard.
  await eventually(
    () => call.caller.playback.heard(items[0]?.id ?? '')?.playedMs ?? 0,
    (playedMs) => playedMs >= 400
  )
  session.hearSpeech()
  await phone.frames.next(({ event }) => event === 'clear')
  await session.receives('conversation.item.truncate')
  session.hearSilence('Wait.')
  await hasTurns(call, 4)
  await playedOut(call)
  await eventually(
    () => sdk(call).session.history.length,
    (items) => items === 4
  )
  return {
    toTwilio: anonymous(phone.frames.all),
    toModel: anonymous(session.received.all.map((event) => ({ ...event, audio_end_ms: 0, event_id: '' }))).sort(),
    // The SDK forgets an item's place again when the answer it belongs to is told once more.
    history: anonymous(sdk(call).session.history.map((item) => ({ ...item, previousItemId: undefined }))),
    told: told.toSorted(),
    said: call.transcript.turns.map(({ who, cut }) => ({ who, cut }))
  }
}

test('audio takes the short way or the long one, and neither Twilio nor the model nor the agent can tell', async () => {
  const model = { vad: false, pace: Number.POSITIVE_INFINITY, brain: () => [{ tone: 100 }] }
  const heard: string[] = []
  const onCall: Dependencies['onCall'] = (_call, { session }) => {
    session.on('transport_event', ({ type }) => heard.push(type))
    session.on('audio', () => heard.push('audio'))
  }
  const one = await converse(await startHouse({ model }))
  const other = await converse(await startHouse({ model, overrides: { onCall } }))
  expect(other).toEqual(one)
  expect(one.toTwilio.filter((frame) => frame.includes('"media"')).length).toBeGreaterThan(20)
  expect(one.toModel.join()).toContain('conversation.item.truncate')
  expect(new Set(one.told)).toEqual(new Set([...READ_FOR_THE_SDK, 'audio_stopped']))
  // The long way was taken: every event was there to be heard.
  expect(new Set(heard)).toContain('response.output_audio.delta')
  expect(new Set(heard)).toContain('response.output_audio_transcript.delta')
  expect(new Set(heard)).toContain('audio')
})

test('a listener that throws in the middle of the agent’s audio has none of it sent again', async () => {
  const house = await startHouse({ model: { vad: false, pace: Number.POSITIVE_INFINITY, brain: () => [] } })
  const { phone, call, session } = await house.connect()
  sdk(call).transport.once('audio', () => {
    throw new Error('thrown by a listener')
  })
  await session.say({ ms: 160, transcript: 'One.' })
  const first = await phone.frames.next(({ event }) => event === 'media')
  await playedOut(call)
  await session.say({ ms: 120, transcript: 'Two.' })
  const second = await phone.frames.next(({ event }) => event === 'media')
  const lengths = [first, second].map(
    (frame) => frame.event === 'media' && Buffer.byteLength(frame.media.payload, 'base64') / 8
  )
  expect(lengths).toEqual([160, 120])
})
