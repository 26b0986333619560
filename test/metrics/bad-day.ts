import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { PracticeModel } from '../../simulator/model/practice-model.ts'
import { tone } from '../../simulator/sound/mulaw.ts'
import { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { openStore } from '../../src/store/open.ts'

/**
 * A unit test for `promtool test rules`, made from two scrapes of a server: before anything has gone wrong, and after a
 * few calls on which everything did. Usage: node test/metrics/bad-day.ts FILE
 */
const [file = ''] = process.argv.slice(2)
if (file === '') throw new Error('expected the file to write, such as /tmp/bad-day.yml')

const AUTH_TOKEN = 'the-token-of-the-bad-day'
const TWO_HOURS_MS = 7_200_000
/** All that alerts.yml has, but for the day on which nobody calls. */
const ALERTS = [
  ...['VoiceAnswersSlow', 'VoiceCallForgotten', 'VoiceCallersRefused', 'VoiceCallsFail', 'VoiceCostHigh'],
  ...['VoiceEventLoopLate', 'VoiceFirstWordSlow', 'VoiceRecordsAtRisk', 'VoiceWebhooksWait']
]

/** An answer of five minutes to a caller who has talked for half an hour. */
const DEAR = {
  ...{ object: 'realtime.response', id: 'resp_dear', status: 'completed', status_details: null, output: [] },
  usage: {
    ...{ total_tokens: 24_000, input_tokens: 18_000, output_tokens: 6_000 },
    input_token_details: { text_tokens: 0, audio_tokens: 18_000, cached_tokens: 0 },
    output_token_details: { text_tokens: 0, audio_tokens: 6_000 }
  }
}

const folder = await mkdtemp(join(tmpdir(), 'bad-day-'))
const store = await openStore({ databaseUrl: undefined, dataDir: folder })
let isStoreAway = false
const write: typeof store.write = (rows) => (isStoreAway ? Promise.reject(new Error('away')) : store.write(rows))
const model = await PracticeModel.listen({ speakMs: 3_000, brain: () => [{ tone: 100 }] })
const config = loadConfig({
  ...{ OPENAI_API_KEY: 'sk-practice', OPENAI_REALTIME_URL: model.url, TWILIO_AUTH_TOKEN: AUTH_TOKEN },
  ...{ CONSOLE_TOKEN: 'the-token-of-the-console', LOG_LEVEL: 'silent', DATA_DIR: folder },
  ...{ GREETING: 'Say hello.', EARLY_GREETING: 'false', MODEL_RECONNECT_MS: '500', MAX_CALLS: '2' },
  ...{ WEBHOOK_URL: 'http://127.0.0.1:9/', WEBHOOK_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}` }
})
const app = await buildApp(config, { store: { ...store, write } })
const url = await app.listen({ port: 0, host: '127.0.0.1' })

async function scrape(): Promise<string> {
  const headers = { authorization: 'Bearer the-token-of-the-console' }
  return (await app.inject({ url: '/metrics', headers })).body
}

const ring = () => PhoneCall.ring({ url, authToken: AUTH_TOKEN })

/** Waits until the metrics show it, for 20 s at most. */
async function shows(series: RegExp): Promise<void> {
  const until = performance.now() + 20_000
  for (let text = await scrape(); !series.test(text); text = await scrape()) {
    if (performance.now() > until) throw new Error(`expected ${series}, got:\n${text}`)
    await new Promise((again) => setTimeout(again, 100))
  }
}

/** Computes in the server's thread. */
async function holdUpTheLoop(): Promise<void> {
  await scrape()
  for (let round = 0; round < 20; round += 1) {
    const until = performance.now() + 80
    while (performance.now() < until);
    await turn()
  }
}

async function badDay(): Promise<void> {
  const slow = await ring()
  await shows(/^voice_answer_to_first_audio_seconds_count 1$/m)
  await slow.play(tone(200))
  await shows(/^voice_turn_response_seconds_count\{stage="total",tool="false"\} 1$/m)
  const session = await model.nextSession()
  session.send({ type: 'response.done', event_id: 'event_dear', response: DEAR })
  model.refuse({ status: 500 })
  await (await ring()).ended
  model.refuse(undefined)
  const others = [await ring(), await ring()]
  await others[1]?.ended
  isStoreAway = true
  slow.hangUp()
  await shows(/^voice_store_failing 1$/m)
  await holdUpTheLoop()
}

/** What counts grows by as much again every minute; a gauge keeps its value. */
function series(before: string, after: string): string[] {
  const valuesOf = (text: string) =>
    new Map(
      text
        .split('\n')
        .filter((line) => line.startsWith('voice_') || line.startsWith('nodejs_eventloop'))
        .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))])
    )
  const good = valuesOf(before)
  return [...valuesOf(after)].flatMap(([name, bad]) => {
    const start = good.get(name) ?? 0
    const grows = /(_total|_bucket|_sum|_count)(\{|$)/.test(name)
    const then = grows ? `${start}+${bad - start}x90` : `${bad}x90`
    return [`      - series: '${name}'`, `        values: '${start}x9 ${then}'`]
  })
}

function firing(minutes: number, alerts: readonly string[]): string[] {
  const expected = alerts.flatMap((alert) => [`          - labels: '{alertname="${alert}"}'`, '            value: 1'])
  return [
    `      - expr: count by (alertname) (ALERTS{alertstate="firing"})`,
    `        eval_time: ${minutes}m`,
    `        exp_samples:${alerts.length === 0 ? ' []' : ''}`,
    ...expected
  ]
}

try {
  const before = await scrape()
  await badDay()
  const now = Date.now
  // The calls that are open, and the webhooks that wait, have done so for two hours.
  Date.now = () => now() + TWO_HOURS_MS
  const after = await scrape()
  Date.now = now
  const quiet = before.split('\n').filter((line) => /^voice_calls_(total|active)\{/.test(line))
  const lines = [
    'rule_files:',
    `  - ${join(import.meta.dirname, '../../docs/operating/alerts.yml')}`,
    'evaluation_interval: 1m',
    'tests:',
    '  - interval: 1m',
    '    input_series:',
    ...series(before, after),
    '    promql_expr_test:',
    ...firing(9, []),
    ...firing(80, ALERTS),
    // From midnight, on a Thursday.
    '  - interval: 1m',
    '    input_series:',
    ...quiet.flatMap((line) => [`      - series: '${line.slice(0, -2)}'`, `        values: '0x1500'`]),
    '    promql_expr_test:',
    ...firing(8 * 60, []),
    ...firing(11 * 60, ['VoiceNoCalls']),
    ...firing(20 * 60, [])
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
} finally {
  await app.close()
  await model.close()
  await rm(folder, { recursive: true, force: true })
}
