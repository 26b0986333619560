import { tool } from '@openai/agents/realtime'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Brain, PracticeSession } from '../../simulator/model/practice-model.ts'
import { tone } from '../../simulator/sound/mulaw.ts'
import { END_REASONS } from '../../src/call/end-reason.ts'
import * as labels from '../../src/metrics/labels.ts'
import type { DeliveryRow } from '../../src/store/tables.ts'
import { outputGuardrails } from '../agents/pizzeria/guardrails.ts'
import { calls, heardMs, hears, quiet, says } from '../call/manners/scene.ts'
import { eventually, type House, nextModel, reaches, startHouse, webhook } from '../house.ts'
import { agentWith } from '../records/agents.ts'
import { newStoreSettings, open } from '../stores.ts'
import { histogramsOf, observations } from './recompute.ts'
import { CONSOLE_TOKEN, counted, labelValues, scrape, scrapeText } from './scrape.ts'

const HISTOGRAMS = [
  ...['voice_call_duration_seconds', 'voice_answer_to_first_audio_seconds', 'voice_turn_response_seconds'],
  ...['voice_barge_in_seconds', 'voice_model_connect_seconds', 'voice_tool_seconds']
]

type Caller = Awaited<ReturnType<House['connect']>>

const look = tool({
  ...{ name: 'look', description: 'Looks.', parameters: z.object({}) },
  execute: async () => new Promise<string>((resolve) => setTimeout(resolve, 60, 'Found it.'))
})
const broken = tool({
  ...{ name: 'broken', description: 'Fails.', parameters: z.object({}) },
  execute: async () => {
    throw new Error('no')
  }
})

/** Answers by the caller's last word. */
const brain: Brain = ({ kind, transcript }) => {
  if (kind === 'greeting') return [says('Hello.', 100)]
  if (kind === 'tool_output') return [says('I found it.', 100)]
  if (transcript === 'tools') return [calls('look'), calls('broken')]
  return [says('One two three four five six.', transcript === 'long' ? 3_000 : 100)]
}

/** Speaks a turn in sound, so that its end is measured, and waits for the answer. */
async function ask({ phone, call }: Caller, session: PracticeSession, word: string): Promise<void> {
  const before = heardMs(phone)
  session.hearWords(word)
  await phone.play(tone(200))
  // Of what is interrupted, a mark has to have come back: without one nothing is known to be heard.
  await hears(phone, before + (word === 'long' ? 600 : 90))
  if (word !== 'long') await quiet(call)
}

async function callOfTools(caller: Caller): Promise<void> {
  await ask(caller, caller.session, 'short')
  await ask(caller, caller.session, 'tools')
}

async function callOfTrouble(house: House, caller: Caller): Promise<void> {
  const { phone, call, session } = caller
  await ask(caller, session, 'long')
  await phone.play(tone(400))
  await eventually(
    () => call.record.soFar.bargeIns,
    (bargeIns) => bargeIns === 1
  )
  await quiet(call)
  session.drop(1011)
  const next = await nextModel(house)
  await reaches(call, 'live')
  await ask(caller, next, 'short')
}

test('every histogram can be computed again from the records of the same calls', async () => {
  const settings = await newStoreSettings('SQLite')
  const house = await startHouse({
    env: { GREETING: 'Say hello.' },
    model: { brain },
    overrides: { store: await open(settings), consoleToken: CONSOLE_TOKEN, ...agentWith(look, broken) },
    provokes: ['the log']
  })
  const callers = [await house.connect(), await house.connect()] as const
  await Promise.all(callers.map(({ phone }) => hears(phone, 90)))
  await Promise.all(callers.map(({ call }) => quiet(call)))
  await Promise.all([callOfTools(callers[0]), callOfTrouble(house, callers[1])])
  for (const { phone } of callers) phone.hangUp()
  await Promise.all(callers.map(({ call }) => call.ended))
  const series = await scrape(house)
  await house.app.close()

  const kept = await open(settings)
  const found = await observations(kept)
  const turns = await kept.db.selectFrom('turns').selectAll().execute()
  // So much has to be in it, else the comparison below shows nothing.
  expect(
    found
      .filter(({ labels }) => labels['stage'] === 'total')
      .map(({ labels }) => labels['tool'])
      .sort(),
    JSON.stringify(turns)
  ).toEqual(['false', 'false', 'false', 'true'])
  expect([...new Set(found.map(({ name }) => name))].sort()).toEqual([...HISTOGRAMS].sort())
  const bounds = (name: string) => [...(labelValues(series).get(`${name} le`) ?? [])]
  const again = histogramsOf(found, bounds)
  const shown = counted(series, ...HISTOGRAMS)
  expect(Object.keys(shown).sort()).toEqual(
    Object.keys(again)
      .filter((key) => again[key] !== 0)
      .sort()
  )
  for (const [key, value] of Object.entries(again))
    expect([key, shown[key] ?? 0]).toEqual([key, expect.closeTo(value, 6)])

  expect(counted(series, 'voice_calls_total', 'voice_turns_total', 'voice_interruptions_total')).toEqual({
    'voice_calls_total{direction="inbound",end_reason="caller_hung_up",fault="caller"}': 2,
    'voice_turns_total{outcome="answered"}': 4,
    'voice_turns_total{outcome="cut"}': 1,
    'voice_interruptions_total{kind="real"}': 1
  })
  expect(counted(series, 'voice_model_lost_total')).toEqual({ 'voice_model_lost_total{code="1011"}': 1 })
})

const HOSTILE = 'evil"} 1\n# HELP of +15557654321'

test('no label has a value that is not listed, whatever a caller or a model sends', async () => {
  const house = await startHouse({
    env: { MAX_CALLS: '2', MODEL_RECONNECT_MS: '300' },
    model: { vad: false },
    overrides: { consoleToken: CONSOLE_TOKEN },
    provokes: ['the log', 'the model', 'Twilio']
  })
  const { phone, call, session } = await house.connect({ direction: HOSTILE })
  await session.callTool(HOSTILE, {})
  await session.callTool('opening_times', { day: HOSTILE })
  session.failResponse({ type: HOSTILE, code: HOSTILE, message: HOSTILE })
  call.journal.emit({ type: 'tool_finished', run: 9, name: HOSTILE, ms: 1, result: undefined, failed: undefined })
  call.journal.emit({ type: 'guardrail', agent: HOSTILE, name: HOSTILE })
  house.model.refuse({ status: 500 })
  session.drop(3_999, HOSTILE)
  await phone.ended
  await call.ended
  house.model.refuse(undefined)
  await house.connect()
  await house.connect({ direction: 'outbound-api' })
  expect(await webhook(house, { CallSid: HOSTILE, From: '+15557654321' })).toMatchObject([{ name: 'Reject' }])
  await house.ring({ authToken: 'wrong' }).catch(() => {})
  await house.stream({ customParameters: { token: HOSTILE } })
  await house.log.next(({ msg }) => msg === 'a stream was refused for its token')

  const series = await scrape(house)
  const listed: Record<string, readonly string[]> = {
    direction: labels.DIRECTIONS,
    end_reason: END_REASONS,
    fault: ['caller', 'twilio', 'agent', 'operator', 'openai', 'us'],
    stage: labels.STAGES,
    tool: ['true', 'false', 'menu', 'opening_times', 'order_pizza', 'put_through', 'hang_up', 'check_voucher', 'other'],
    outcome: [...labels.TOOL_OUTCOMES, ...labels.TURN_OUTCOMES],
    kind: labels.INTERRUPTIONS,
    code: labels.CODES,
    part: labels.COST_PARTS,
    name: [...outputGuardrails.map(({ name }) => name), 'other'],
    why: [...labels.REFUSALS, ...labels.REJECTIONS],
    ...{ warm: ['true', 'false'], cached: ['true', 'false'], type: ['input', 'output'], modality: ['text', 'audio'] },
    ...{ quantile: ['0.5', '0.99', '1'], version: [process.version] }
  }
  for (const [key, values] of labelValues(series)) {
    const [, label = ''] = key.split(' ')
    if (label === 'le') continue
    expect([key, [...values].filter((value) => !listed[label]?.includes(value))]).toEqual([key, []])
  }
  const text = await scrapeText(house)
  for (const kept of ['evil', '5557654321', '5551230001', phone.callSid, phone.streamSid])
    expect(text).not.toContain(kept)

  expect(counted(series, 'voice_calls_active', 'voice_calls_refused_total', 'voice_lines_limit')).toEqual({
    'voice_calls_active{direction="inbound"}': 1,
    'voice_calls_active{direction="outbound"}': 1,
    'voice_calls_refused_total{why="lines"}': 1,
    voice_lines_limit: 2
  })
  expect(counted(series, 'voice_webhook_rejected_total')).toEqual({
    'voice_webhook_rejected_total{why="signature"}': 1,
    'voice_webhook_rejected_total{why="stream_token"}': 1
  })
  // The first loss has a close code that is not listed; the search that followed it was given up.
  expect(counted(series, 'voice_model_lost_total')).toEqual({ 'voice_model_lost_total{code="other"}': 2 })
  expect(counted(series, 'voice_tool_seconds')).toMatchObject({
    'voice_tool_seconds_count{tool="opening_times",outcome="ok"}': 1,
    'voice_tool_seconds_count{tool="other",outcome="ok"}': 1
  })
  expect(counted(series, 'voice_guardrail_trips_total')).toEqual({ 'voice_guardrail_trips_total{name="other"}': 1 })
})

test.each([
  [1006, '1006'],
  [401, '401'],
  ['invalid_api_key', '401'],
  ['insufficient_quota', '429'],
  ['rate_limit_exceeded', '429'],
  [1016, 'other'],
  [500, 'other'],
  [HOSTILE, 'other'],
  [undefined, 'other']
])('a model that was lost with %s is counted as %s', (code, label) => expect(labels.codeOf(code)).toBe(label))

test('nobody without the token sees the metrics', async () => {
  const { app } = await startHouse({ overrides: { consoleToken: CONSOLE_TOKEN } })
  for (const authorization of ['', 'Bearer of-somebody-else', `Basic ${CONSOLE_TOKEN}`]) {
    const reply = await app.inject({ url: '/metrics', headers: authorization === '' ? {} : { authorization } })
    expect(reply.statusCode).toBe(401)
    expect(reply.body).not.toContain('voice_')
  }
})

test('the metrics say how many rows of records wait, and that the store cannot be written', async () => {
  const store = await open(await newStoreSettings('SQLite'))
  let isAway = false
  const write = store.write
  const faulty = {
    ...store,
    write: (rows: Parameters<typeof write>[0]) => (isAway ? Promise.reject(new Error('away')) : write(rows))
  }
  const house = await startHouse({ overrides: { store: faulty, consoleToken: CONSOLE_TOKEN }, provokes: ['the log'] })
  isAway = true
  await house.connect()
  await house.log.next(({ msg }) => msg === 'the store cannot be written: records wait in memory')
  const away = await scrape(house)
  expect(away.get('voice_store_failing')).toBe(1)
  expect(away.get('voice_store_queue')).toBeGreaterThan(0)
  expect(away.get('voice_data_free_bytes')).toBeGreaterThan(0)
  isAway = false
  await house.log.next(({ msg }) => msg === 'the store can be written again')
  expect((await scrape(house)).get('voice_store_failing')).toBe(0)
})

test('the metrics say how many webhooks wait, and since when', async () => {
  const store = await open(await newStoreSettings('SQLite'))
  const house = await startHouse({ overrides: { store, consoleToken: CONSOLE_TOKEN } })
  const none = await scrape(house)
  expect([none.get('voice_outbox_pending'), none.get('voice_outbox_oldest_seconds')]).toEqual([0, 0])
  const event = (id: string, state: 'pending' | 'delivered', ageMs: number): DeliveryRow => ({
    ...{ callId: null, id, type: 'webhook.test', key: id, at: Date.now() - ageMs, state, dueAt: Date.now() + 60_000 },
    ...{ takenBy: null, takenUntil: 0, attempts: 1, status: 500, data: '{}', body: '{}' }
  })
  const rows = [event('1', 'delivered', 900_000), event('2', 'pending', 700_000), event('3', 'pending', 1_000)]
  await store.db.insertInto('deliveries').values(rows).execute()
  const some = await scrape(house)
  expect(some.get('voice_outbox_pending')).toBe(2)
  expect(some.get('voice_outbox_oldest_seconds')).toBeCloseTo(700, -1)
})
