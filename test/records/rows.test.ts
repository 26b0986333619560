import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { readRecording } from '../../src/records/read-recording.ts'
import { hears, obliging } from '../call/manners/scene.ts'
import { distinctSound, startHouse } from '../house.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'
import { lanesOf } from './kept.ts'

test.each(ENGINES)('a recording is read back as one WAV, whole and in parts, from %s', async (engine) => {
  const settings = await newStoreSettings(engine)
  const house = await startHouse({
    env: { RECORDING: 'announce' },
    model: obliging(),
    overrides: { store: await open(settings), isOverloaded: () => false }
  })
  const { phone, session } = await house.connect()
  void session.say({ ms: 2_400 })
  await hears(phone, 300)
  const sound = distinctSound(1_200)
  await phone.play(sound)
  await hears(phone, 2_000)
  phone.hangUp()
  const { durationMs } = await house.records.next()
  await house.app.close()

  const store = await open(settings)
  const recording = await readRecording(store, phone.callSid)
  if (!recording) throw new Error('nothing of this call is kept')
  const whole = await buffer(recording.stream())
  expect(whole.length).toBe(recording.bytes)
  expect(Math.abs(whole.length / 16 - durationMs)).toBeLessThan(100)
  expect(lanesOf(whole).caller.includes(sound)).toBe(true)
  for (const [start, end] of [
    [0, 0],
    [10, 100],
    [57, 16_058],
    [16_057, 16_059],
    [20_000, whole.length - 1]
  ] as const) {
    expect((await buffer(recording.stream(start, end))).equals(whole.subarray(start, end + 1))).toBe(true)
  }
  const call = await store.db.selectFrom('calls').select(['recording', 'consent']).executeTakeFirstOrThrow()
  expect(call.recording).toBe('kept')
  expect(JSON.parse(call.consent ?? '')).toMatchObject({ mode: 'announce', answer: null })
  const rows = await store.db.selectFrom('recordingChunks').select('second').execute()
  expect(rows.length > 0).toBe(store.isPostgres)
})
