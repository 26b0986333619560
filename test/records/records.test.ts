import { tool } from '@openai/agents/realtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Store } from '../../src/store/open.ts'
import type { TurnRow } from '../../src/store/tables.ts'
import { calls, hears, obliging, quiet, says, speak } from '../call/manners/scene.ts'
import { hasTurns, playedOut, startHouse, webhook } from '../house.ts'
import { ENGINES, type Engine, newStoreSettings, open } from '../stores.ts'

/** A batch is gathered for 100 ms; the machine may be busy. */
const LIMIT_MS = 5_000

/** Waits until a look at the store gives what is expected. */
async function stored<T>(look: () => Promise<T>, expected: (value: T) => boolean): Promise<T> {
  await expect
    .poll(
      async () => {
        const value = await look()
        return expected(value) ? 'so' : value
      },
      { timeout: LIMIT_MS, interval: 25 }
    )
    .toBe('so')
  return look()
}

const callIn = ({ db }: Store, id: string) => db.selectFrom('calls').selectAll().where('id', '=', id).executeTakeFirst()
const turnsIn = ({ db }: Store, callId: string): Promise<TurnRow[]> =>
  db.selectFrom('turns').selectAll().where('callId', '=', callId).orderBy('startMs').execute() as Promise<TurnRow[]>
const eventsIn = ({ db }: Store, callId: string, type: string) =>
  db.selectFrom('events').selectAll().where('callId', '=', callId).where('type', '=', type).orderBy('seq').execute()

const ended = (store: Store, id: string) =>
  stored(
    () => callIn(store, id),
    (call) => call?.endedAt != null
  )

async function keeping(engine: Engine, options: Parameters<typeof startHouse>[0] = {}) {
  const settings = await newStoreSettings(engine)
  const house = await startHouse({ ...options, overrides: { store: await open(settings), ...options.overrides } })
  return { house, settings, store: await open(settings) }
}

describe.each(ENGINES)('on %s', (engine) => {
  test('a call leaves its row, both sides’ turns with their stations, and its usage', async () => {
    const { house, store } = await keeping(engine, {
      env: { GREETING: 'Say hello.' },
      model: { ...obliging(() => [says('Certainly.', 300)]), vad: true }
    })
    const { phone, call } = await house.connect()
    await hears(phone, 390)
    await quiet(call)
    await phone.say('Are you open on Monday?')
    await hears(phone, 690)
    await playedOut(call)
    phone.hangUp()
    const row = await ended(store, phone.callSid)
    const turns = await turnsIn(store, phone.callSid)
    expect(row, JSON.stringify(turns)).toMatchObject({
      ...{ callSid: phone.callSid, direction: 'inbound', from: '+15551230001', to: '+15551239999', practice: 1 },
      ...{ endReason: 'caller_hung_up', fault: 'caller', turns: 3, responses: 1, streams: 1, parameters: '{}' },
      version: expect.stringMatching(/^\d+\.\d+\.\d+\+[0-9a-f]{8}$/)
    })
    const [greeting, question, answer] = turns
    expect(greeting).toMatchObject({ who: 'agent', textState: 'final', cut: 0, voiceEnd: null, committed: null })
    expect(question).toMatchObject({ who: 'caller', textState: 'final', tool: 0, heard: null })
    expect(answer).toMatchObject({ who: 'agent', text: 'Certainly.', generatedText: 'Certainly.', tool: 0 })
    const { voiceEnd, vadStop, committed, answerStarted, firstToken, firstAudio, sent, heard } = answer as TurnRow
    const stations = [voiceEnd, vadStop, committed, answerStarted, firstToken, firstAudio, sent, heard].map(Number)
    expect(stations).toEqual([...stations].sort((a, b) => a - b))
    expect(stations.every((ms) => ms > 0)).toBe(true)
    expect(voiceEnd).toBe(question?.endMs)
    // The model waits for a silence before it commits; the caller's voice ended before that.
    expect(Number(vadStop) - Number(voiceEnd)).toBeGreaterThan(100)
    expect(row?.responseP50Ms).toBe(Math.round(Math.round((Number(heard) - Number(voiceEnd)) * 10) / 10))
    const usage = await store.db.selectFrom('usage').selectAll().where('callId', '=', phone.callSid).execute()
    expect(usage.filter(({ responseId }) => responseId !== null)).toHaveLength(2)
    expect(usage.filter(({ responseId }) => responseId === null)).toHaveLength(1)
  })

  test('an answer that was cut has what was heard, and what was generated beside it', async () => {
    const long = 'One two three four five six seven eight nine ten eleven twelve.'
    const { house, store } = await keeping(engine, { model: { vad: false, brain: () => [says(long, 4_000)] } })
    const { phone, call, session } = await house.connect()
    speak(session, 'Count.')
    await hears(phone, 900)
    session.hearSpeech()
    await playedOut(call)
    phone.hangUp()
    await ended(store, phone.callSid)
    const answer = (await turnsIn(store, phone.callSid)).find(({ who }) => who === 'agent')
    expect(answer).toMatchObject({ cut: 1, generatedText: long, textState: 'final' })
    expect(long.startsWith(answer?.text ?? '-')).toBe(true)
    expect(answer?.text?.length).toBeLessThan(long.length / 2)
    expect(Number(answer?.heardMs)).toBeLessThan(Number(answer?.sentMs))
    const [bargeIn] = await eventsIn(store, phone.callSid, 'barge_in')
    const { vadStartMs, clearMs, talkOverMs, cutMs } = JSON.parse(bargeIn?.data ?? '{}')
    expect(clearMs).toBeGreaterThanOrEqual(vadStartMs)
    expect(talkOverMs).toBeGreaterThanOrEqual(0)
    expect(cutMs).toBeCloseTo(Number(answer?.sentMs) - Number(answer?.heardMs), 0)
  })

  test('words that come after the hang-up land in their turn, and words that never come are never', async () => {
    const { house, store } = await keeping(engine, { model: { ...obliging(() => []), transcriptionMs: 500 } })
    const late = await house.connect()
    speak(late.session, 'One last thing.')
    await late.session.sent.next(({ type }) => type === 'input_audio_buffer.committed')
    late.phone.hangUp()
    await ended(store, late.phone.callSid)
    const said = await stored(
      () => turnsIn(store, late.phone.callSid),
      ([turn]) => turn?.textState === 'final'
    )
    expect(said).toMatchObject([{ who: 'caller', text: 'One last thing.' }])

    const never = await house.connect()
    never.session.hearSpeech()
    never.session.hearSilence('Unheard.')
    await hasTurns(never.call, 1)
    never.session.drop(1011)
    never.phone.hangUp()
    const unheard = await stored(
      () => turnsIn(store, never.phone.callSid),
      ([turn]) => turn?.textState === 'never'
    )
    expect(unheard).toMatchObject([{ who: 'caller', text: null }])
  })

  test('a tool’s arguments and result are kept, but not those of a tool that is unrecorded', async () => {
    const look = tool({
      ...{ name: 'look', description: 'Looks.', parameters: z.object({ what: z.string() }) },
      execute: async ({ what }) => `Found ${what}.`
    })
    const pin = tool({
      ...{ name: 'pin', description: 'Checks a PIN.', parameters: z.object({ what: z.string() }) },
      execute: async ({ what }) => `Right: ${what}.`
    })
    const { agentWith } = await import('./agents.ts')
    const { house, store } = await keeping(engine, {
      model: obliging(({ kind }) =>
        kind === 'speech' ? [calls('look', { what: 'a shoe' }), calls('pin', { what: '4711' })] : [says('Done.')]
      ),
      overrides: agentWith(look, Object.assign(pin, { isUnrecorded: true }))
    })
    const { phone, session, call } = await house.connect()
    speak(session, 'Look.')
    await hears(phone, 150)
    await quiet(call)
    phone.hangUp()
    await ended(store, phone.callSid)
    const started = (await eventsIn(store, phone.callSid, 'tool_started')).map(({ data }) => JSON.parse(data))
    expect(started).toMatchObject([{ name: 'look', arguments: '{"what":"a shoe"}' }, { name: 'pin' }])
    const finished = (await eventsIn(store, phone.callSid, 'tool_finished')).map(({ data }) => JSON.parse(data))
    expect(finished).toMatchObject([{ name: 'look', result: 'Found a shoe.' }, { name: 'pin' }])
    const rows = await store.db.selectFrom('events').select('data').where('callId', '=', phone.callSid).execute()
    expect(JSON.stringify(rows)).not.toContain('4711')
  })

  test('text that no database takes is stored: no Unicode, NUL, megabytes; and a withheld number', async () => {
    const nasty = `A\0B\uD800C ${'x'.repeat(5_000_000)}`
    const dump = tool({
      ...{ name: 'dump', description: 'Dumps.', parameters: z.object({}) },
      execute: async () => nasty
    })
    const { agentWith } = await import('./agents.ts')
    const { house, store } = await keeping(engine, {
      model: obliging(({ kind }) => (kind === 'speech' ? [calls('dump')] : [says('Done.')])),
      overrides: agentWith(dump)
    })
    const { phone, session, call } = await house.connect({ from: 'anonymous' })
    speak(session, 'Du\0mp \uD83D it.')
    await hears(phone, 150)
    await quiet(call)
    phone.hangUp()
    expect(await ended(store, phone.callSid)).toMatchObject({ from: null })
    const [turn] = await turnsIn(store, phone.callSid)
    expect(turn?.text).toMatch(/^Du\uFFFDmp \uFFFD it\.$/)
    const [finished] = await eventsIn(store, phone.callSid, 'tool_finished')
    const { result } = JSON.parse(finished?.data ?? '{}')
    expect(result).toMatch(/^A\uFFFDB\uFFFDC x/)
    expect(result.length).toBeLessThan(100_000)
  })

  test.each([
    ['hung up', 'completed', 'caller_left_early', 'caller'],
    ['was there', 'in-progress', 'stream_lost', 'twilio']
  ])(
    'a call that was answered and whose stream never came is kept: its caller %s',
    async (_what, status, endReason, fault) => {
      const { house, store } = await keeping(engine)
      await webhook(house, { CallSid: 'CA1', From: '+15551230001', To: '+15551239999' })
      await webhook(house, { CallSid: 'CA1', CallStatus: status }, '/call-ended')
      const row = await ended(store, 'CA1')
      expect(row).toMatchObject({ from: '+15551230001', to: '+15551239999', endReason, fault, streams: 0, turns: 0 })
      expect(Number(row?.endedAt) - Number(row?.startedAt)).toBeLessThan(5_000)
    }
  )

  test('a newer stream of the same call goes on in its row', async () => {
    const { house, store } = await keeping(engine, { model: obliging() })
    const { phone, session, call } = await house.connect()
    speak(session, 'First.')
    await hears(phone, 190)
    await quiet(call)
    await house.stream({ callSid: phone.callSid })
    const second = await house.answered.next()
    const newer = await house.model.nextSession()
    await expect.poll(() => second.state.name).toBe('live')
    speak(newer, 'Second.')
    await quiet(second)
    await stored(
      () => turnsIn(store, phone.callSid),
      (turns) => turns.filter(({ who }) => who === 'caller').length === 2
    )
    expect(await callIn(store, phone.callSid)).toMatchObject({ endedAt: null, endReason: null })
    second.end('caller_hung_up')
    const row = await ended(store, phone.callSid)
    expect(row).toMatchObject({ streams: 2, turns: 4, endReason: 'caller_hung_up' })
    // The newer stream's first sentence may be cut by the caller before it is heard.
    const texts = (await turnsIn(store, phone.callSid)).map(({ text }) => text).filter((text) => text !== '')
    expect(texts.sort()).toEqual(['First.', 'Second.', 'You said: First.', 'You said: Second.'])
    const streams = new Set((await turnsIn(store, phone.callSid)).map(({ stream }) => stream))
    expect(streams.size).toBe(2)
  })
})
