import { describe, expect, test } from 'vitest'
import type { PracticeSession } from '../../simulator/model/practice-model.ts'
import type { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { distinctSound, eventually, receivesAudio, receivesSound, startFrame, startHouse } from '../house.ts'

/** Turns are not looked for: this sound is no speech, and nobody is to answer it. */
const listening = { vad: false }

/** All that the caller sent up to now is what the model heard, from the first frame on, byte for byte. */
async function expectNothingLost(phone: PhoneCall, session: PracticeSession): Promise<void> {
  const sent = phone.spoke.length
  await receivesAudio(session, sent / 8)
  const { audio } = session
  await eventually(
    () => phone.spoke.length,
    (spoke) => spoke >= audio.length
  )
  expect(audio.equals(phone.spoke.subarray(0, audio.length))).toBe(true)
}

describe('no word is lost', () => {
  test.each([0, 300, 3_000])('with a model that takes %s ms to open', async (openMs) => {
    const house = await startHouse({ model: { ...listening, openMs } })
    const phone = await house.stream()
    const sound = distinctSound(openMs + 400)
    await phone.play(sound)
    const session = await house.model.nextSession()
    await expectNothingLost(phone, session)
    expect(session.audio.includes(sound)).toBe(true)
  })

  test('with a model that refuses twice before it opens', async () => {
    const house = await startHouse({ model: listening })
    house.model.refuse({ status: 503 })
    const phone = await house.stream()
    const said = phone.play(distinctSound(1_000))
    for (let attempt = 0; attempt < 2; attempt++) await house.model.handshakes.next()
    house.model.refuse(undefined)
    const session = await house.model.nextSession()
    await said
    await expectNothingLost(phone, session)
  })

  test('to a stall of the network: a burst of four seconds arrives whole and in order', async () => {
    const house = await startHouse({ model: listening })
    const phone = await house.stream({ start: false })
    const frames = distinctSound(4_000)
    phone.sendFrame(startFrame(phone))
    for (let at = 0; at < frames.length; at += 160) {
      const payload = frames.subarray(at, at + 160).toString('base64')
      phone.sendFrame({ event: 'media', streamSid: phone.streamSid, media: { payload, timestamp: `${at / 8}` } })
    }
    const session = await house.model.nextSession()
    await receivesAudio(session, frames.length / 8)
    expect(session.audio.equals(frames)).toBe(true)
  })

  test('and a gap in the network is a pause of the same length', async () => {
    const house = await startHouse({ model: listening })
    const phone = await house.stream()
    const session = await house.model.nextSession()
    await phone.play(distinctSound(100))
    phone.gap(200)
    await phone.play(distinctSound(400))
    const silence = Buffer.alloc(1_600, 0xff)
    await receivesSound(session, silence)
    const at = session.audio.indexOf(silence)
    expect(session.audio.subarray(0, at).equals(phone.spoke.subarray(0, at))).toBe(true)
  })
})

test('the first audio follows the configuration: a session that is not told its format takes it for noise', async () => {
  const house = await startHouse({ model: { ...listening, openMs: 200 } })
  const phone = await house.stream()
  await phone.play(distinctSound(400))
  const session = await house.model.nextSession()
  await expectNothingLost(phone, session)
  expect(session.errors).toEqual([])
  expect(session.appends).toBeGreaterThan(15)
})
