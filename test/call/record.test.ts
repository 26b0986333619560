import { prettyFactory } from 'pino-pretty'
import { describe, expect, test } from 'vitest'
import { Inbox } from '../../simulator/inbox.ts'
import type { RingOptions } from '../../simulator/telephone/telephone.ts'
import { type House, hasTurns, isSaid, playedOut, startHouse } from '../house.ts'

const INFO = 30

/** A call in which both sides say something, and the caller hangs up. */
async function talk(house: House) {
  const { phone, call, session } = await house.connect()
  await session.say({ ms: 200, transcript: 'Wonderful weather today.' })
  await hasTurns(call, 1)
  await playedOut(call)
  session.hearSpeech()
  session.hearSilence('Purple elephants.')
  await hasTurns(call, 3)
  await playedOut(call)
  phone.hangUp()
  return { phone, record: await house.records.next() }
}

const model = { vad: false, brain: () => [{ tone: 100, transcript: 'Certainly elephants.' }] }

test('a call leaves one record of who, when, how long, how soon, how much and why', async () => {
  const house = await startHouse({ model })
  const before = Date.now()
  const { phone, record } = await talk(house)
  expect(record).toEqual({
    callSid: phone.callSid,
    streamSid: phone.streamSid,
    from: '+15551230001',
    to: '+15551239999',
    ...{ direction: 'inbound', parameters: {}, isPractice: true, agent: 'Host', streams: 1 },
    startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    endedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    durationMs: expect.any(Number),
    firstAudioMs: expect.any(Number),
    turns: 3,
    // The model was told by hand that it heard somebody: there was no voice to measure from.
    responseMs: { n: 0, p50: undefined, p90: undefined, max: undefined },
    ...{ bargeIns: 0, tools: 0, reconnections: 0, recording: 'none', consent: undefined },
    endReason: 'caller_hung_up'
  })
  const [started, ended] = [Date.parse(record.startedAt), Date.parse(record.endedAt)]
  expect(started).toBeGreaterThanOrEqual(before)
  expect(record.durationMs).toBe(ended - started)
  expect(record.durationMs).toBeLessThanOrEqual(Date.now() - before)
  expect(record.firstAudioMs).toBeGreaterThanOrEqual(0)
  expect(record.firstAudioMs).toBeLessThan(record.durationMs)
  expect(house.records.all).toHaveLength(1)
})

test.each(['duration', 'tokens'] as const)(
  'what the caller said is known, also where its transcription is counted as %s',
  async (transcriptionUsage) => {
    const house = await startHouse({ model: { ...model, transcriptionUsage } })
    const { call, session } = await house.connect()
    session.hearSpeech()
    session.hearSilence('Purple elephants.')
    const heard = await session.sent.next(({ type }) => type.endsWith('input_audio_transcription.completed'))
    expect(heard['usage']).toMatchObject({ type: transcriptionUsage })
    await isSaid(call, 'Purple elephants.')
  }
)

test('a record that cannot be saved is an error in the log and the end of nothing', async () => {
  const house = await startHouse({
    provokes: ['the log'],
    overrides: { saveRecord: () => Promise.reject(new Error('The disk is full.')) }
  })
  const { phone } = await house.connect()
  phone.hangUp()
  const line = await house.log.next(({ level }) => level === 50)
  expect(JSON.stringify(line)).toContain('The disk is full.')
  const next = await house.connect()
  expect(next.call.state.name).toBe('live')
})

describe('the log', () => {
  test('has about six lines for a call, the last of them what became of it', async () => {
    const house = await startHouse({ env: { LOG_LEVEL: 'info' }, model })
    const { phone, record } = await talk(house)
    const lines = house.log.all.filter(({ level, msg }) => level >= INFO && !msg.startsWith('Server listening'))
    expect(lines.length).toBeLessThanOrEqual(8)
    expect(lines.filter((line) => line['callSid'] === phone.callSid).length).toBeGreaterThanOrEqual(3)
    const [end, ...others] = lines.filter(({ msg }) => msg === 'call ended')
    expect(others).toEqual([])
    const { from: _, direction: __, parameters: ___, ...told } = record
    expect(end).toMatchObject({ ...JSON.parse(JSON.stringify(told)), level: INFO })
  })

  test.each(['info', 'debug', 'trace'])(
    'at %s has no number but the called one, no word and no key',
    async (LOG_LEVEL) => {
      const house = await startHouse({ env: { LOG_LEVEL }, model })
      await talk(house)
      const log = JSON.stringify(house.log.all)
      for (const secret of ['5551230001', 'sk-practice', 'eather', 'lephants']) expect(log).not.toContain(secret)
      // The business's own.
      expect(log.split('5551239999')).toHaveLength(2)
      expect(log).toContain('call ended')
    }
  )

  /** The line `call ended` as it is written, of a call with these numbers. */
  async function lastLine(options: Partial<RingOptions>, TWILIO_AUTH_TOKEN = 'secret'): Promise<string> {
    const written = new Inbox<string>('lines')
    const house = await startHouse({
      env: { TWILIO_AUTH_TOKEN },
      overrides: { logTo: { write: (line) => written.push(line) } }
    })
    const { phone } = await house.connect({ authToken: TWILIO_AUTH_TOKEN, ...options })
    phone.hangUp()
    return written.next((line) => line.includes('"call ended"'))
  }
  const hashOf = async (...options: Parameters<typeof lastLine>) => JSON.parse(await lastLine(...options)).callerHash

  test('says of a call which one it was, once', async () => {
    const line = await lastLine({})
    for (const name of ['callSid', 'streamSid', 'callerHash', 'to']) {
      expect([name, line.split(`"${name}":`).length - 1]).toEqual([name, 1])
    }
  })

  test('is read in a terminal without the caller in the place of the host', async () => {
    const line = await lastLine({})
    const [first = ''] = prettyFactory({ colorize: false, ignore: 'pid,hostname' })(line).split('\n')
    expect(first).toMatch(/^\[[\d:.]+\] INFO: call ended$/)
  })

  test('tells callers apart by a hash that only who has the auth token can make', async () => {
    const hash = await hashOf({ from: '+15557654321' })
    expect(hash).toMatch(/^[0-9a-f]{8}$/)
    expect(await hashOf({ from: '+15557654321' })).toBe(hash)
    expect(await hashOf({ from: '+15557654322' })).not.toBe(hash)
    expect(await hashOf({ from: '+15557654321' }, 'another')).not.toBe(hash)
    expect(await hashOf({ from: '' })).toBeUndefined()
  })

  test('has the person of an outbound call in the hash, and the number that rang them in the open', async () => {
    const hash = await hashOf({ from: '+15557654321' })
    const line = await lastLine({ from: '+15551239999', to: '+15557654321', direction: 'outbound-api' })
    expect(JSON.parse(line)).toMatchObject({ callerHash: hash, from: '+15551239999', callerNumber: '[redacted]' })
    expect(line).not.toContain('5557654321')
  })

  test('has no number either when the webhook is a GET, whose query would bring it along', async () => {
    const house = await startHouse()
    const { phone } = await house.connect({ method: 'GET' })
    phone.hangUp()
    await house.records.next()
    const log = JSON.stringify(house.log.all)
    expect(log).toContain('"path":"/incoming-call"')
    expect(log).not.toContain('5551230001')
  })

  test('has the words when it is asked for them', async () => {
    const house = await startHouse({ env: { LOG_TRANSCRIPTS: 'true' }, model })
    await talk(house)
    const end = await house.log.next(({ msg }) => msg === 'call ended')
    expect(JSON.stringify(end)).toContain('Purple elephants.')
    expect(JSON.stringify(end)).not.toContain('5551230001')
  })
})
