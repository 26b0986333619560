import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, expect, test } from 'vitest'
import { scenes } from '../../simulator/call/scenes.ts'
import { speak } from '../../simulator/sound/speech.ts'
import type { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { hears, obliging } from '../call/manners/scene.ts'
import { distinctSound, nextModel } from '../house.ts'
import { finishedFile, LONG, recordingHouse, SHORT } from './kept.ts'
import { judge, type Verdict } from './oracle.ts'
import { playScene } from './play-scene.ts'

const isTrial = process.env['TRIAL'] === 'recording'
/** What the recording may lie beside the tape, have that was not heard, and lack that was, in ms. */
const MOST_MS = 20
/** In the server's process, on a machine with nothing else to do. */
const SCENE_LIMIT_MS = 120_000

const verdicts: Record<string, unknown>[] = []
afterAll(() => isTrial && console.table(verdicts))

/** @param lateMs how late the machine was, which the recording may be as well */
function expectTrue(name: string, verdict: Verdict, lateMs: number): void {
  const { lagMs, unheardMs, missingMs, inGapsMs, agentMs } = verdict
  verdicts.push({ name, ...verdict, lateMs: Math.round(lateMs) })
  const told = JSON.stringify(verdict)
  expect(agentMs, told).toBeGreaterThan(500)
  expect(inGapsMs, told).toBe(0)
  expect(Math.max(lagMs, unheardMs, missingMs), told).toBeLessThanOrEqual(MOST_MS + lateMs)
}

/** How late this process was at the worst, in ms: both the server and the telephone run in it. */
function lateness(): () => number {
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  return () => delays.max / 1e6 - 5
}

type Stage = Awaited<ReturnType<typeof recordingHouse>>['house']

/** Calls in which something happens to the sound. Each is over when the caller hangs up. */
const CALLS: Record<string, (house: Stage) => Promise<PhoneCall>> = {
  async 'a caller who barges in'(house) {
    const { phone, session } = await house.connect()
    void session.say(LONG)
    await hears(phone, 600)
    const spoken = phone.play(distinctSound(600))
    await hears(phone, 900)
    session.hearSpeech()
    await phone.frames.next(({ event }) => event === 'clear')
    await spoken
    session.hearSilence('Wait.')
    await session.say(SHORT)
    await hears(phone, 1_800)
    return phone
  },
  async 'a stream that is lost and comes back'(house) {
    const { phone, session } = await house.connect()
    void session.say(LONG)
    await hears(phone, 600)
    const spoken = phone.play(distinctSound(300))
    await hears(phone, 800)
    await spoken
    phone.loseStream()
    const next = await nextModel(house)
    await next.say(SHORT)
    await phone.play(distinctSound(600).subarray(400 * 8))
    await hears(phone, 1_600)
    return phone
  },
  async 'a model that is lost, and the tone until there is another'(house) {
    const { phone, session } = await house.connect()
    await session.say(SHORT)
    await hears(phone, 1_000)
    house.model.refuse({ status: 503 })
    session.drop(1011)
    await phone.frames.next((frame) => frame.event === 'mark' && frame.mark.name.startsWith('house:'))
    const spoken = phone.play(distinctSound(300))
    house.model.refuse(undefined)
    const next = await nextModel(house)
    await next.say(SHORT)
    await spoken
    await hears(phone, 2_200)
    return phone
  }
}

test.each(Object.entries(CALLS))('the recording of %s is what the telephone has heard', async (name, play) => {
  // The first words take this process so long that frames are late.
  await Promise.all([speak(LONG), speak(SHORT)])
  const { house, store } = await recordingHouse({ model: obliging(), provokes: ['the log'] })
  const lateMs = lateness()
  const phone = await play(house)
  phone.hangUp()
  await phone.ended
  const wav = await finishedFile(house, store, phone.callSid)
  expectTrue(name, judge(phone, wav), lateMs())
})

test.each(isTrial ? Object.entries(scenes) : [])(
  'the recording of the scene %s is what the telephone has heard',
  async (name, scene) => {
    const { trouble, ...verdict } = await playScene(scene)
    expect(trouble).toBeUndefined()
    expectTrue(name, verdict, 0)
  },
  SCENE_LIMIT_MS
)
