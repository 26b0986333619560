import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { compareSound } from '../../simulator/sound/compare.ts'
import { recordingFile, recordingsFolder } from '../../src/records/recording-file.ts'
import { HEADER_BYTES, wavHeader } from '../../src/records/wav.ts'
import { hears, obliging } from '../call/manners/scene.ts'
import { distinctSound, parametersOf, startHouse, webhook } from '../house.ts'
import { startServer } from '../server-process.ts'
import { newStoreSettings, open } from '../stores.ts'
import { finishedFile, LONG, lanesOf, recordingHouse, SHORT } from './kept.ts'

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
