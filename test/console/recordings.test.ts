import { mkdir, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { Peaks } from '../../src/console/schemas.ts'
import { recordingFile, recordingsFolder } from '../../src/records/recording-file.ts'
import { HEADER_BYTES, SECOND_BYTES, SILENCE, wavHeader } from '../../src/records/wav.ts'
import { hears, obliging, says, speak } from '../call/manners/scene.ts'
import { type House, isSaid, journalOf } from '../house.ts'
import { lanesOf, recordingOf } from '../records/kept.ts'
import { aCall } from '../records/rows.ts'
import { ENGINES } from '../stores.ts'
import { ask, get, refusal, startConsole } from './console.ts'

const env = { RECORDING: 'announce' }

const sound = (house: House, callSid: string, headers: Record<string, string> = {}) =>
  ask(house, { url: `/api/calls/${callSid}/recording`, headers })

/** Waits until so many bytes of the recording are kept. */
const isKept = (house: House, callSid: string, bytes: number) =>
  expect
    .poll(
      async () => Number((await sound(house, callSid, { range: 'bytes=0-0' })).headers['content-range']?.split('/')[1]),
      {
        timeout: 8_000,
        interval: 50
      }
    )
    .toBeGreaterThanOrEqual(bytes)

describe.each(ENGINES)('on %s', (engine) => {
  test('a recording is played whole and in ranges, while the call goes on and after it', async () => {
    const model = obliging(() => [says('We are open.', 1_500)])
    const { house, store } = await startConsole(engine, { env, model })
    const { phone, call, session } = await house.connect()
    const { callSid } = phone
    speak(session, 'Are you open?')
    await hears(phone, 1_000)
    await isKept(house, callSid, HEADER_BYTES + SECOND_BYTES)
    const running = await sound(house, callSid)
    expect(running.rawPayload.subarray(0, HEADER_BYTES)).toEqual(wavHeader(running.rawPayload.length - HEADER_BYTES))
    await isSaid(call, 'We are open.')
    phone.hangUp()
    await house.records.next()
    // It is whole when it reaches the end of the call.
    const endedMs = journalOf(call).find(({ event }) => event.type === 'ended')?.atMs ?? 0
    await expect
      .poll(async () => (await recordingOf(store, callSid))?.length, { timeout: 8_000 })
      .toBeGreaterThan(HEADER_BYTES + Math.floor(endedMs) * (SECOND_BYTES / 1_000))
    await house.app.calls.close()
    await expect
      .poll(
        async () =>
          (await sound(house, callSid)).rawPayload.equals((await recordingOf(store, callSid)) ?? Buffer.alloc(0)),
        { timeout: 8_000 }
      )
      .toBe(true)

    const whole = await sound(house, callSid)
    expect(whole.statusCode).toBe(200)
    expect(whole.headers).toMatchObject({
      ...{ 'content-type': 'audio/wav', 'accept-ranges': 'bytes', 'content-length': `${whole.rawPayload.length}` }
    })
    const wav = whole.rawPayload
    const part = async (range: string, more: Record<string, string> = {}) => sound(house, callSid, { range, ...more })
    for (const [range, from, to] of [
      ['bytes=0-9', 0, 9],
      ['bytes=40-20000', 40, 20_000],
      ['bytes=20000-', 20_000, wav.length - 1],
      ['bytes=-100', wav.length - 100, wav.length - 1],
      ['bytes=100-99999999', 100, wav.length - 1]
    ] as const) {
      const reply = await part(range)
      expect([reply.statusCode, reply.headers['content-range']]).toEqual([206, `bytes ${from}-${to}/${wav.length}`])
      expect(reply.rawPayload.equals(wav.subarray(from, to + 1))).toBe(true)
    }
    for (const range of ['bytes=5-2', 'bytes=1-2,4-5', 'seconds=1-2', 'bytes=x']) {
      expect([range, (await part(range)).rawPayload.length]).toEqual([range, wav.length])
    }
    // The player has the first part of the recording as it was a second ago.
    expect((await part('bytes=10-', { 'if-range': '"another"' })).statusCode).toBe(200)
    expect((await part('bytes=10-', { 'if-range': String(whole.headers.etag) })).statusCode).toBe(206)
    expect((await part(`bytes=${wav.length}-`)).headers['content-range']).toBe(`bytes */${wav.length}`)
    expect(
      await refusal(house, { url: `/api/calls/${callSid}/recording`, headers: { range: 'bytes=-0' } })
    ).toMatchObject({
      ...{ status: 416, code: 'range_not_satisfiable' }
    })

    const peaks = await get(house, `/api/calls/${callSid}/peaks?perSecond=10`, Peaks)
    const { agent, caller } = lanesOf(wav)
    expect(peaks.durationMs).toBe(Math.round(agent.length / 8))
    expect([peaks.agent.length, peaks.caller.length]).toEqual(new Array(2).fill(Math.ceil(agent.length / 800)))
    const isSilent = (lane: Buffer, at: number) =>
      lane.subarray(at * 800, (at + 1) * 800).every((byte) => (byte & 0x7f) === 0x7f)
    expect(peaks.agent.map((peak) => peak === 0)).toEqual(peaks.agent.map((_, at) => isSilent(agent, at)))
    expect(Math.max(...peaks.agent)).toBeGreaterThan(0.05)
    expect(Math.max(...peaks.caller)).toBe(
      Number(caller.some((byte) => (byte & 0x7f) !== 0x7f)) * Math.max(...peaks.caller)
    )

    await ask(house, { method: 'DELETE', url: `/api/calls/${callSid}` })
    for (const what of ['recording', 'peaks']) {
      expect(await refusal(house, { url: `/api/calls/${callSid}/${what}` })).toMatchObject({ status: 404 })
    }
  })

  test('a playback is one row of the audit, however many ranges the player asks for', async () => {
    const { house, store } = await startConsole(engine, { env, model: obliging() })
    const { phone } = await house.connect()
    const { callSid } = phone
    await expect
      .poll(async () => (await sound(house, callSid, { range: 'bytes=0-' })).statusCode, { timeout: 8_000 })
      .toBe(206)
    for (const range of ['bytes=0-', 'bytes=60-100', 'bytes=100-']) await sound(house, callSid, { range })
    const rows = () => store.db.selectFrom('audit').select(['action', 'calls', 'address']).execute()
    const playback = { action: 'playback', calls: 1, address: '127.0.0.1' }
    expect(await rows()).toEqual([playback])
    await sound(house, callSid)
    expect(await rows()).toEqual([playback, playback])
    await ask(house, { method: 'HEAD', url: `/api/calls/${callSid}/recording` })
    expect(await rows()).toHaveLength(2)
    phone.hangUp()
  })
})

test('the waveform of half an hour is there in half a second, and calls have their turn meanwhile', async () => {
  const { house, store } = await startConsole()
  await store.db.insertInto('calls').values(aCall('CA1')).execute()
  const lanes = Buffer.alloc(1_800 * SECOND_BYTES, SILENCE)
  // The loudest sample, the agent's and the first.
  lanes[1] = 0x80
  await mkdir(recordingsFolder(store.dataDir), { recursive: true })
  await writeFile(recordingFile(store.dataDir, 'CA1'), [wavHeader(lanes.length), lanes])
  const lateMs: number[] = []
  let last = performance.now()
  const timer = setInterval(() => {
    lateMs.push(performance.now() - last - 5)
    last = performance.now()
  }, 5)
  const began = performance.now()
  const peaks = await get(house, '/api/calls/CA1/peaks', Peaks)
  const first = performance.now()
  await get(house, '/api/calls/CA1/peaks', Peaks)
  const second = performance.now()
  clearInterval(timer)
  expect(peaks).toMatchObject({ durationMs: 1_800_000, perSecond: 20 })
  expect([peaks.caller.length, Math.max(...peaks.caller)]).toEqual([36_000, 0])
  expect([peaks.agent[0], peaks.agent[1]]).toEqual([1, 0])
  const figures = { ms: first - began, again: second - first, late: Math.max(...lateMs), turns: lateMs.length }
  if (process.env['TRIAL'] === 'console') console.table(figures)
  // Generous: a machine that tests is busy.
  expect(figures.ms).toBeLessThan(1_500)
  expect(figures.again).toBeLessThan(figures.ms)
  expect(figures.turns).toBeGreaterThan(3)
})
