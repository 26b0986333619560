import { describe, expect, test } from 'vitest'
import { BadRequest } from '../../src/records/caller-number.ts'
import { callsPage, type Filters, readCall } from '../../src/records/read.ts'
import type { Store } from '../../src/store/open.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'
import { aCall, anEvent, aTurn } from './rows.ts'

const idsOf = async (store: Store, filters: Filters) =>
  (await callsPage(store, { limit: 50, filters })).calls.map(({ id }) => id)

describe.each(ENGINES)('on %s', (engine) => {
  test('a call reads as the API promises, with turns and events in order of time', async () => {
    const store = await open(await newStoreSettings(engine))
    const consent = { mode: 'announce', noticeHeardAt: 1_000, answer: null }
    const given = { practice: 1, parameters: '{"line":"two"}', recording: 'kept', consent: JSON.stringify(consent) }
    await store.db
      .insertInto('calls')
      .values(aCall('own-id', { callSid: 'CA1', ...(given as object) }))
      .execute()
    const answer = {
      who: 'agent',
      agent: 'Triage Agent',
      voiceEnd: 600,
      firstAudio: 900,
      sent: 905,
      heard: 1_400
    } as const
    const turns = [
      aTurn('own-id', { id: 'late', startMs: 5_000, textState: 'never', text: null }),
      aTurn('own-id', { ...answer, id: 'answer', startMs: 1_400, cut: 1, text: 'Yes', generatedText: 'Yes, we are.' }),
      // It was never heard, so it has no beginning.
      aTurn('own-id', { ...answer, id: 'unheard', startMs: null, firstAudio: 2_000, sent: null, heard: null, tool: 1 }),
      aTurn('own-id', { id: 'question' })
    ]
    await store.db.insertInto('turns').values(turns).execute()
    const events = [
      { stream: 'MZ2', seq: 1, atMs: 9_000, type: 'accepted', data: '{}' },
      { stream: 'MZ1', seq: 7, atMs: 800, type: 'tool_started', data: '{"name":"note","run":1}' }
    ]
    await store.db
      .insertInto('events')
      .values(events.map((event) => anEvent('own-id', event)))
      .execute()
    const counts = { textIn: 1, audioIn: 20, cachedText: 0, cachedAudio: 5, textOut: 3, audioOut: 40, seconds: 0 }
    await store.db
      .insertInto('usage')
      .values({ callId: 'own-id', stream: 'MZ1', seq: 9, responseId: 'resp_1', model: 'gpt-realtime-2.1', ...counts })
      .execute()

    const whole = await readCall(store, 'CA1')
    expect(whole).toEqual(await readCall(store, 'own-id'))
    expect(whole?.call).toMatchObject({
      ...{ id: 'own-id', callSid: 'CA1', direction: 'inbound', from: '+15551230001', to: '+15551239999' },
      ...{ practice: true, parameters: { line: 'two' }, startedAt: '1970-01-01T00:00:01.000Z', durationMs: 60_000 },
      ...{ endedAt: '1970-01-01T00:01:01.000Z', endReason: 'caller_hung_up', fault: 'caller', firstAudioMs: 400 },
      ...{ responseMs: { n: 1, p50: 800, p90: 900, max: 950 }, turns: 2, tools: 0, recording: 'kept' },
      consent: { ...consent, noticeHeardAt: '1970-01-01T00:00:01.000Z' }
    })
    expect(whole?.turns.map(({ id }) => id)).toEqual(['question', 'answer', 'unheard', 'late'])
    expect(whole?.turns[1]).toMatchObject({ cut: true, tool: false, text: 'Yes', generatedText: 'Yes, we are.' })
    expect(whole?.turns[1]?.stations).toMatchObject({ voiceEnd: 600, heard: 1_400, committed: null })
    expect(whole?.events).toMatchObject([{ seq: 7, atMs: 800, type: 'tool_started', name: 'note', run: 1 }, { seq: 1 }])
    expect(whole?.usage).toMatchObject([{ responseId: 'resp_1', ...counts }])
    expect((await callsPage(store, { limit: 1 })).calls).toEqual([whole?.call])
    expect(await readCall(store, 'CA2')).toBeUndefined()
  })

  test('pages follow one another without a gap, newest first, also where calls began at the same time', async () => {
    const store = await open(await newStoreSettings(engine))
    const calls = Array.from({ length: 25 }, (_, at) =>
      aCall(`CA${10 + at}`, { startedAt: Math.floor(at / 5) * 1_000 })
    )
    await store.db.insertInto('calls').values(calls).execute()
    const seen: string[] = []
    let cursor: string | undefined
    for (let page = 1; page <= 4; page += 1) {
      const { calls, next } = await callsPage(store, { limit: 7, cursor })
      seen.push(...calls.map(({ id }) => id))
      expect(next === null).toBe(page === 4)
      cursor = next ?? undefined
      // A call that comes in meanwhile belongs to no page that is still to come.
      await store.db
        .insertInto('calls')
        .values(aCall(`new${page}`, { startedAt: 9_000 }))
        .execute()
    }
    expect(seen).toEqual(calls.map(({ id }) => id).reverse())
  })

  test('a call that goes on has no end yet', async () => {
    const store = await open(await newStoreSettings(engine))
    await store.db
      .insertInto('calls')
      .values(aCall('CA1', { endedAt: null, endReason: null, fault: null }))
      .execute()
    expect(await readCall(store, 'CA1')).toMatchObject({ call: { endedAt: null, endReason: null, durationMs: null } })
  })

  test('filters find calls by reason, fault, agent, number, delay and words', async () => {
    const store = await open(await newStoreSettings(engine))
    const calls = [
      aCall('CA1', { endReason: 'model_mute', fault: 'openai', responseMaxMs: 3_000 }),
      aCall('CA2', { agent: 'Billing', from: null, to: '+15557654321' }),
      aCall('CA3', { from: '+15557654321', responseMaxMs: null })
    ]
    await store.db.insertInto('calls').values(calls).execute()
    const turns = [
      aTurn('CA1', { text: 'I have 100 % pain.' }),
      aTurn('CA2', { text: null, generatedText: 'Your INVOICE_7 is paid.' }),
      aTurn('CA3', { text: 'Zahnärztin \\ Öl' })
    ]
    await store.db.insertInto('turns').values(turns).execute()
    expect(await idsOf(store, { reason: 'model_mute' })).toEqual(['CA1'])
    expect(await idsOf(store, { fault: 'caller' })).toEqual(['CA3', 'CA2'])
    expect(await idsOf(store, { agent: 'Billing' })).toEqual(['CA2'])
    expect(await idsOf(store, { number: '+15557654321' })).toEqual(['CA3', 'CA2'])
    expect(await idsOf(store, { number: '+15557654321', agent: 'Billing' })).toEqual(['CA2'])
    expect(await idsOf(store, { minResponseMs: 950 })).toEqual(['CA2', 'CA1'])
    const found = async (q: string) => idsOf(store, { q })
    expect(await found('invoice_7')).toEqual(['CA2'])
    expect(await found('Zahnärztin')).toEqual(['CA3'])
    expect(await found('100 %')).toEqual(['CA1'])
    // What `like` takes for any character is a character here.
    expect(await found('invoice%7')).toEqual([])
    expect(await found('h_ve')).toEqual([])
    expect(await found('\\ Ö')).toEqual(['CA3'])
    expect(await found("'; drop table calls; --")).toEqual([])
    expect(await found('\0')).toEqual([])
  })

  test('a limit, a cursor and a number that cannot be are refused in a sentence', async () => {
    const store = await open(await newStoreSettings(engine))
    const refused = (options: Partial<Parameters<typeof callsPage>[1]>) =>
      expect(callsPage(store, { limit: 50, ...options })).rejects.toThrow(BadRequest)
    for (const limit of [0, 201, 1.5, Number.NaN]) await refused({ limit })
    for (const cursor of ['', 'x', Buffer.from('1; drop').toString('base64url')]) await refused({ cursor })
    await refused({ filters: { number: '0171' } })
  })
})
