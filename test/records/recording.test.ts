import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compareSound, type Difference } from '../../simulator/sound/compare.ts'
import { speak } from '../../simulator/sound/speech.ts'
import type { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { recordingFile, recordingsFolder } from '../../src/records/recording-file.ts'
import { HEADER_BYTES, wavHeader } from '../../src/records/wav.ts'
import { hears, obliging } from '../call/manners/scene.ts'
import { distinctSound, parametersOf, startHouse, webhook } from '../house.ts'
import { startServer } from '../server-process.ts'
import { newStoreSettings, open } from '../stores.ts'
import { finishedFile, lanesOf } from './kept.ts'

const LONG = 'We are open from nine to five on weekdays, and from ten to two on Saturdays, but never on a Sunday.'
const SHORT = 'Of course, one moment.'

async function recordingHouse(options: Parameters<typeof startHouse>[0] = {}) {
  const store = await open(await newStoreSettings('SQLite'))
  const house = await startHouse({
    ...options,
    env: { RECORDING: 'announce', ...options.env },
    // The telephone, the model's voice and the server share this process.
    overrides: { store, isOverloaded: () => false, ...options.overrides }
  })
  return { store, house }
}

/** What the telephone's own tape and the recording have, from the first `start` on. */
function compared(phone: PhoneCall, wav: Buffer): { caller: Difference; agent: Difference } {
  const tape = phone.recorded('start')
  const ours = lanesOf(wav)
  return { caller: compareSound(tape.caller, ours.caller), agent: compareSound(tape.agent, ours.agent) }
}

/** Whether both have the same at the same time. A machine that is late by some ms may be so in everything. */
function expectSame({ caller, agent }: { caller: Difference; agent: Difference }, lateMs: number): void {
  const most = 20 + lateMs
  expect(agent.commonMs).toBeGreaterThan(1_000)
  expect(agent.missingMs).toBeLessThanOrEqual(most)
  expect(agent.addedMs).toBeLessThanOrEqual(most)
  expect(caller.missingMs).toBe(0)
  expect(caller.addedMs).toBe(0)
  for (const lane of [caller, agent]) {
    expect(lane.latestMs).toBeLessThanOrEqual(most)
    expect(lane.earliestMs).toBeGreaterThanOrEqual(-most)
  }
}

/** How late this process was at the worst, in ms: both the server and the telephone run in it. */
function lateness(): () => number {
  const delays = monitorEventLoopDelay({ resolution: 5 })
  delays.enable()
  return () => delays.max / 1e6 - 5
}

describe('the recording', () => {
  test('is what the telephone’s own tape has, although the caller barges in', async () => {
    // The first words take this process so long that it would decline the caller.
    await Promise.all([speak(LONG), speak(SHORT)])
    const { house, store } = await recordingHouse({ model: obliging() })
    const lateMs = lateness()
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
    phone.hangUp()
    await house.records.next()
    const wav = await finishedFile(house, store, phone.callSid)
    expectSame(compared(phone, wav), lateMs())
  })
})

test('a caller who comes back on the same call is in the same file, at the time at which they were', async () => {
  const { house, store } = await recordingHouse({ model: obliging() })
  const verbs = await webhook(house, { CallSid: 'CA1' })
  const phone = await house.stream({
    callSid: 'CA1',
    customParameters: parametersOf(verbs.slice(1)),
    closeStyle: 'dies'
  })
  const session = await house.model.nextSession()
  await session.say({ ms: 300, transcript: SHORT })
  await hears(phone, 290)
  const first = distinctSound(200)
  await phone.play(first)
  const hungUpAt = performance.now()
  phone.hangUp()
  await house.records.next()
  const again = await webhook(house, { CallSid: 'CA1', CallStatus: 'in-progress' }, '/call-ended')
  const back = await house.stream({ callSid: 'CA1', customParameters: parametersOf(again) })
  await hears(back, 190)
  const second = distinctSound(320).subarray(1_600)
  const awayMs = performance.now() - hungUpAt
  await back.play(second)
  await hears(back, 300)
  back.hangUp()
  await house.records.next()
  const { caller } = lanesOf(await finishedFile(house, store, 'CA1'))
  const [firstAt, secondAt] = [caller.indexOf(first.subarray(0, 800)), caller.indexOf(second)]
  expect(firstAt).toBeGreaterThan(0)
  expect(secondAt).toBeGreaterThan(firstAt)
  expect(Math.abs((secondAt - firstAt) / 8 - 200 - awayMs)).toBeLessThan(100)
})

describe('a disk that is full', () => {
  test('costs the recording, which the log says once, and never the call', async () => {
    const store = await open(await newStoreSettings('SQLite'))
    await mkdir(recordingsFolder(store.dataDir))
    const house = await startHouse({ env: { RECORDING: 'announce' }, overrides: { store }, provokes: ['the log'] })
    for (const callSid of ['CA1', 'CA2']) {
      await symlink('/dev/full', recordingFile(store.dataDir, callSid))
      const { phone, call, session } = await house.connect({ callSid })
      await session.say({ ms: 1_600 })
      await hears(phone, 1_500)
      expect(call.state.name).toBe('live')
      phone.hangUp()
      expect(await house.records.next()).toMatchObject({ endReason: 'caller_hung_up' })
    }
    const lost = house.log.all.filter(({ msg }) => msg === 'a recording cannot be kept')
    expect(lost).toMatchObject([{ callSid: 'CA1', err: { code: 'ENOSPC' } }])
  })
})

test('a server that is killed leaves a file that can be read, with all but the last second', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'recordings-'))
  onTestFinished(() => rm(dataDir, { recursive: true }))
  const server = await startServer({ RECORDING: 'announce', DATA_DIR: dataDir })
  const { phone, session } = await server.connect()
  void session.say(LONG)
  await hears(phone, 2_600)
  const tape = phone.recorded('start').agent
  server.child.kill('SIGKILL')
  await server.exit
  const wav = await readFile(recordingFile(dataDir, phone.callSid))
  expect(wav.subarray(0, HEADER_BYTES)).toEqual(wavHeader(undefined))
  const { agent } = lanesOf(wav)
  expect(tape.length - agent.length).toBeLessThan(1_500 * 8)
  const found = compareSound(tape.subarray(0, agent.length), agent)
  expect(found.commonMs).toBeGreaterThan(1_000)
  // The file ends a little before or after the place at which the tape is cut here.
  expect(Math.max(found.missingMs, found.addedMs)).toBeLessThanOrEqual(150)
})
