import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { costOf, PRICES_OF, usd } from '../../src/records/prices.ts'
import { obliging, quiet, says, speak } from '../call/manners/scene.ts'
import { startHouse, webhook } from '../house.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'

const none = { textIn: 0, audioIn: 0, cachedText: 0, cachedAudio: 0, textOut: 0, audioOut: 0, seconds: 0 }
const env = { OPENAI_API_KEY: 'sk-test' }

describe('what a response costs', () => {
  test('cached tokens are part of the input, and cheaper', () => {
    const usage = { ...none, textIn: 1_000_000, cachedText: 600_000, audioIn: 1_000_000, cachedAudio: 500_000 }
    expect(usd({ ...usage, model: 'gpt-realtime-2.1' })).toBeCloseTo(0.4 * 4 + 0.6 * 0.4 + 0.5 * 32 + 0.5 * 0.4, 6)
    expect(usd({ ...none, audioOut: 1_000_000, model: 'gpt-realtime-2.1-mini-2026-09-01' })).toBe(20)
  })

  test('a transcription is billed by its seconds, or by the audio tokens that stand for them', () => {
    expect(usd({ ...none, seconds: 120, model: 'gpt-transcribe' })).toBeCloseTo(0.009, 6)
    expect(usd({ ...none, audioIn: 1_200, model: 'gpt-transcribe' })).toBeCloseTo(0.009, 6)
  })

  test('a model without a price has none, and the telephone is an estimate of started minutes', () => {
    expect(usd({ ...none, audioOut: 1, model: 'gpt-of-tomorrow' })).toBeUndefined()
    expect(costOf([], 61_000)).toEqual({
      model: 0,
      transcription: 0,
      analysis: 0,
      telephonyEstimate: expect.closeTo(0.0258, 6)
    })
    expect(PRICES_OF).toMatch(/^\d{4}-\d\d-\d\d$/)
  })

  test.each(['MAX_CALL_COST_USD', 'MAX_DAY_COST_USD'])('%s needs a model that has a price', (name) => {
    expect(() => loadConfig({ ...env, [name]: '2', OPENAI_MODEL: 'gpt-of-tomorrow' })).toThrow(
      `${name}: gpt-of-tomorrow (OPENAI_MODEL) has no price`
    )
    expect(() => loadConfig({ ...env, [name]: '0' })).toThrow(`${name}: expected US dollars above 0`)
    expect(loadConfig({ ...env, [name]: '2.5' })).toBeDefined()
  })
})

const model = obliging(({ kind }) => [says(kind === 'speech' ? 'An answer.' : 'Goodbye then.', 200)])

test('a call over MAX_CALL_COST_USD is brought to a close politely', async () => {
  const store = await open(await newStoreSettings('SQLite'))
  const house = await startHouse({ model, env: { MAX_CALL_COST_USD: '0.0001' }, overrides: { store } })
  const { session } = await house.connect()
  speak(session, 'Tell me something.')
  const asked = await session.receives('response.create', ({ response }) => response?.instructions !== undefined)
  expect(asked.response?.instructions).toContain('The call has to end now.')
  expect(await house.records.next()).toMatchObject({ endReason: 'too_costly', turns: 3 })
})

describe.each(ENGINES)('on %s', (engine) => {
  test('when the day has cost MAX_DAY_COST_USD, new callers are declined, also by another server', async () => {
    const settings = await newStoreSettings(engine)
    const options = { model, env: { MAX_DAY_COST_USD: '0.0001' } }
    const first = await startHouse({ ...options, overrides: { store: await open(settings) } })
    const { session, call } = await first.connect()
    speak(session, 'Tell me something.')
    await expect.poll(() => call.transcript.turns.length).toBe(2)
    await quiet(call)
    const params = { CallSid: `CA${'1'.repeat(32)}`, From: '+15551230003' }
    const [declined] = await webhook(first, params)
    expect(declined).toMatchObject({ name: 'Reject' })
    // The call goes on.
    expect(call.state.name).toBe('live')
    const store = await open(settings)
    await expect
      .poll(async () => (await store.db.selectFrom('usage').select('seq').execute()).length)
      .toBeGreaterThan(1)
    const second = await startHouse({ ...options, overrides: { store } })
    const [alsoDeclined] = await webhook(second, params)
    expect(alsoDeclined).toMatchObject({ name: 'Reject' })
  })
})
