import { describe, expect, test } from 'vitest'
import { recordConsent } from '../../src/agent/tools/record-consent.ts'
import type { Call } from '../../src/call/call.ts'
import type { CallEvent } from '../../src/call/events.ts'
import { calls, hears, isTold, obliging, quiet, says, speak } from '../call/manners/scene.ts'
import { distinctSound, journalOf, startHouse, webhook } from '../house.ts'
import { agentWith } from '../records/agents.ts'
import { finishedFile, isKept, lanesOf } from '../records/kept.ts'
import { ENGINES, type Engine, newStoreSettings, open } from '../stores.ts'

const told = <T extends CallEvent['type']>(call: Call, type: T) =>
  journalOf(call).flatMap(({ event }) => (event.type === type ? [event as Extract<CallEvent, { type: T }>] : []))

/** Calls the tool with the caller's yes or no, once each, and answers anything else. */
function asking() {
  const noted = new Set<string>()
  return obliging(({ transcript = '' }) => {
    const isAnswer = transcript === 'Yes.' || transcript === 'No.'
    if (!isAnswer || noted.has(transcript)) return [says('Thank you.')]
    noted.add(transcript)
    return [calls('record_consent', { agrees: transcript === 'Yes.' })]
  })
}

async function recordingHouse(mode: string, engine: Engine = 'SQLite') {
  const settings = await newStoreSettings(engine)
  const store = await open(settings)
  const house = await startHouse({
    env: { RECORDING: mode },
    model: asking(),
    overrides: { store, ...agentWith(recordConsent) }
  })
  return { store, settings, house }
}

const isSilent = (sound: Buffer): boolean => sound.every((byte) => byte === 0xff || byte === 0x7f)
const SOUND = distinctSound(400)

describe('RECORDING=announce', () => {
  test('the caller hears that the call is recorded before the stream opens, and it is in the record', async () => {
    const { house, store } = await recordingHouse('announce')
    const before = Date.now()
    const { phone, session } = await house.connect()
    expect(phone.said.all).toEqual(['This call is recorded.'])
    await session.say({ ms: 200 })
    await hears(phone, 190)
    phone.hangUp()
    const { recording, consent } = await house.records.next()
    expect(recording).toBe('kept')
    expect(consent).toMatchObject({ mode: 'announce', answer: null })
    expect(consent?.noticeHeardAt).toBeGreaterThanOrEqual(before)
    expect(isSilent(lanesOf(await finishedFile(house, store, phone.callSid)).agent)).toBe(false)
  })

  test('the notice comes before what ANSWER_SAY says', async () => {
    const store = await open(await newStoreSettings('SQLite'))
    const house = await startHouse({ env: { RECORDING: 'announce', ANSWER_SAY: 'Welcome.' }, overrides: { store } })
    const [say] = await webhook(house, { CallSid: 'CA1' })
    expect(say).toMatchObject({ name: 'Say', text: 'This call is recorded. Welcome.' })
  })
})

describe('RECORDING=ask', () => {
  test('nothing is kept before the yes, and both sides after it', async () => {
    const { house, store } = await recordingHouse('ask')
    const { phone, call, session } = await house.connect()
    expect(phone.said.all).toEqual([])
    void phone.play(SOUND)
    await session.say({ ms: 300 })
    await hears(phone, 290)
    expect(await isKept(store, phone.callSid)).toBe(false)
    speak(session, 'Yes.')
    await isTold(session, 'The call is recorded from now on.')
    const [yes] = journalOf(call).filter(({ event }) => event.type === 'recording' && event.state === 'kept')
    const yesAt = Math.round((yes?.atMs ?? 0) * 8)
    await phone.play(SOUND)
    await session.say({ ms: 300 })
    await hears(phone, 590)
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ recording: 'kept', consent: { mode: 'ask', answer: 'yes' } })
    const { caller, agent } = lanesOf(await finishedFile(house, store, phone.callSid))
    expect([isSilent(caller.subarray(0, yesAt)), isSilent(agent.subarray(0, yesAt))]).toEqual([true, true])
    expect([isSilent(caller.subarray(yesAt)), isSilent(agent.subarray(yesAt))]).toEqual([false, false])
  })

  test('a no leaves nothing', async () => {
    const { house, store } = await recordingHouse('ask')
    const { phone, session } = await house.connect()
    speak(session, 'No.')
    await isTold(session, 'The call is not recorded.')
    await session.say({ ms: 1_600 })
    await hears(phone, 1_500)
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ recording: 'none', consent: { mode: 'ask', answer: 'no' } })
    await house.app.close()
    expect(await isKept(store, phone.callSid)).toBe(false)
  })

  test.each(ENGINES)('a yes that is withdrawn stops the recording and deletes it, on %s', async (engine) => {
    const { house, store, settings } = await recordingHouse('ask', engine)
    const { db } = await open(settings)
    const { phone, call, session } = await house.connect()
    const kept = async () => {
      const chunks = await db.selectFrom('recordingChunks').select('second').execute()
      return chunks.length > 0 || (await isKept(store, phone.callSid))
    }
    speak(session, 'Yes.')
    await isTold(session, 'The call is recorded from now on.')
    await expect.poll(kept, { timeout: 4_000 }).toBe(true)
    await quiet(call)
    speak(session, 'No.')
    await isTold(session, 'What was recorded is deleted.')
    await expect.poll(kept, { timeout: 4_000 }).toBe(false)
    phone.hangUp()
    expect(await house.records.next()).toMatchObject({ recording: 'deleted', consent: { mode: 'ask', answer: 'no' } })
    await house.app.close()
    expect(await kept()).toBe(false)
    expect(await db.selectFrom('calls').select('recording').execute()).toEqual([{ recording: 'deleted' }])
  })

  test('without it nothing is asked and nothing is kept', async () => {
    const house = await startHouse({ model: asking() })
    const { call } = await house.connect()
    expect(call.context.asksToRecord).toBe(false)
    expect(told(call, 'recording')).toEqual([])
  })
})

describe('a pause', () => {
  test.each([
    ['of a tool', async (call: Call) => call.context.pauseRecording()],
    [
      'while a tool waits for keys',
      async (call: Call) => {
        void call.context.collectDigits({ count: 9, timeoutMs: 60_000 })
        return () => call.journal.emit({ type: 'key', key: '#' })
      }
    ]
  ])('%s is silence on both sides, and its time is in the journal', async (_what, begin) => {
    const { house, store } = await recordingHouse('announce')
    const { phone, call, session } = await house.connect()
    await session.say({ ms: 300 })
    await hears(phone, 290)
    const end = await begin(call)
    await session.say({ ms: 300 })
    await hears(phone, 400)
    // All of it has come before the pause ends: silence comes after it.
    await phone.play(Buffer.concat([SOUND, Buffer.alloc(3_200, 0xff)]))
    await hears(phone, 590)
    end()
    await expect.poll(() => told(call, 'recording_gap')).toHaveLength(1)
    const [{ fromMs, toMs } = { fromMs: 0, toMs: 0 }] = told(call, 'recording_gap')
    expect(toMs - fromMs).toBeGreaterThan(380)
    await session.say({ ms: 300 })
    await hears(phone, 880)
    phone.hangUp()
    await house.records.next()
    const { caller, agent } = lanesOf(await finishedFile(house, store, phone.callSid))
    const [from, to] = [Math.ceil(fromMs * 8) + 8, Math.floor(toMs * 8)]
    expect(isSilent(caller)).toBe(true)
    expect(isSilent(agent.subarray(from, to))).toBe(true)
    expect([isSilent(agent.subarray(0, from)), isSilent(agent.subarray(to))]).toEqual([false, false])
  })

  test('that no tool has ended ends with the call', async () => {
    const { house } = await recordingHouse('announce')
    const { phone, call } = await house.connect()
    call.context.pauseRecording()
    phone.hangUp()
    await house.records.next()
    expect(told(call, 'recording_gap')).toHaveLength(1)
  })
})
