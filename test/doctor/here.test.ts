import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { PracticeModel } from '../../simulator/model/practice-model.ts'
import { type InvalidEnvironment, loadConfig } from '../../src/config.ts'
import { clock } from '../../src/doctor/clock.ts'
import { contradictions } from '../../src/doctor/contradictions.ts'
import { disk } from '../../src/doctor/disk.ts'
import { examine, settingsFindings } from '../../src/doctor/examine.ts'
import type { Check, Finding } from '../../src/doctor/finding.ts'
import { model } from '../../src/doctor/model.ts'
import { node, OLDEST_NODE } from '../../src/doctor/node.ts'
import { port } from '../../src/doctor/port.ts'
import { store } from '../../src/doctor/store.ts'
import { startHouse } from '../house.ts'
import { newFolder } from '../stores.ts'

const KEY = { OPENAI_API_KEY: 'sk-practice', TWILIO_AUTH_TOKEN: 'the-token-of-the-account' }

/** What a check finds with these settings: its states by code. */
async function found(check: Check, env: Record<string, string> = {}, localUrl = 'http://127.0.0.1:9') {
  const config = loadConfig({ ...KEY, ...env })
  const findings = await check({ config, authToken: config.twilio.authToken, localUrl })
  for (const finding of findings) expectWhole(finding)
  return Object.fromEntries(findings.map(({ code, state }) => [code, state]))
}

/** What is not well has a reason and something to do. */
function expectWhole({ state, what, why, mend }: Finding): void {
  expect(what).toMatch(/\S/)
  if (state === 'ok') return expect([why, mend]).toEqual(['', ''])
  expect(why).toMatch(/\.$/)
  expect(mend.length).toBeGreaterThan(10)
}

/** A web server that answers everything so. */
async function webServer(answer: (url: string) => { headers?: Record<string, string>; body?: string }) {
  const server = createServer((request, response) => {
    const { headers = {}, body = '' } = answer(request.url ?? '')
    response.writeHead(200, headers).end(body)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

test('an old Node is bad, and the oldest that will do is the one of package.json', async () => {
  expect(packageJson.engines.node).toBe(`>=${OLDEST_NODE}`)
  expect(await found(node('22.17.1'))).toEqual({ node: 'bad' })
  expect(await found(node('20.19.0'))).toEqual({ node: 'bad' })
  expect(await found(node('22.18.0'))).toEqual({ node: 'ok' })
  expect(await found(node('25.0.0'))).toEqual({ node: 'ok' })
})

test('a clock that is wrong is bad, and one that nobody compares with is a warning', async () => {
  const date = (offS: number) => ({ date: new Date(Date.now() + offS * 1_000).toUTCString() })
  const at = async (offS: number) => ({
    OPENAI_REALTIME_URL: `ws://127.0.0.1:${await webServer(() => ({ headers: date(offS) }))}/`
  })
  expect(await found(clock, await at(0))).toEqual({ clock: 'ok' })
  expect(await found(clock, await at(90))).toEqual({ clock: 'bad' })
  expect(await found(clock, await at(-90))).toEqual({ clock: 'bad' })
  expect(await found(clock, { OPENAI_REALTIME_URL: 'ws://127.0.0.1:9/' })).toEqual({ clock: 'warn' })
})

test('a folder that cannot be written is bad, except where nothing is kept in it, and none is made', async () => {
  const DATA_DIR = '/dev/null/data'
  expect(await found(disk, { DATA_DIR })).toEqual({ disk: 'bad' })
  const shared = { DATABASE_URL: 'postgres://127.0.0.1/calls', CONSOLE_TOKEN: 'the-token-of-the-console' }
  expect(await found(disk, { DATA_DIR, ...shared })).toEqual({ disk: 'ok' })
  const folder = join(await newFolder(), 'not', 'yet')
  expect(await found(disk, { DATA_DIR: folder })).toEqual({ disk: 'ok' })
  expect(existsSync(folder)).toBe(false)
})

test('a damaged database and an address where there is none are bad; no call yet is well', async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'doctor-'))
  onTestFinished(() => rm(DATA_DIR, { recursive: true }))
  expect(await found(store, { DATA_DIR })).toEqual({ store: 'ok' })
  await writeFile(join(DATA_DIR, 'calls.sqlite'), 'this is no database, and long enough to be read as one')
  expect(await found(store, { DATA_DIR })).toEqual({ store: 'bad' })
  expect(await found(store, { DATABASE_URL: 'postgres://127.0.0.1:9/none' })).toEqual({ store: 'bad' })
})

test('a port without a server is a warning, one that another program has is bad', async () => {
  const other = await webServer(() => ({ body: 'another program' }))
  const taken = { PORT: `${other}`, HOST: '127.0.0.1' }
  expect(await found(port, taken, `http://127.0.0.1:${other}`)).toEqual({ port: 'bad' })
  expect(await found(port, { PORT: '0' })).toEqual({ port: 'warn' })
  const { url } = await startHouse()
  expect(await found(port, {}, url)).toEqual({ port: 'ok' })
})

test.each([
  ['auth_token', { TWILIO_AUTH_TOKEN: '' }],
  ['console_token', { DATABASE_URL: 'postgres://127.0.0.1/calls' }],
  ['fallback_number', { FALLBACK_NUMBER: '+15551230000', TWILIO_NUMBER: '+15551230000' }],
  ['min_interruption', { MIN_INTERRUPTION_MS: '5000' }],
  ['silence_timeout', { SILENCE_TIMEOUT_MS: '1800000' }],
  ['log_transcripts', { LOG_TRANSCRIPTS: 'true', PUBLIC_URL: 'https://agent.example' }]
])('settings that contradict each other are a warning: %s', async (code, env) => {
  expect(await found(contradictions, env)).toEqual({ [code]: 'warn' })
  expect(await found(contradictions)).toEqual({ settings: 'ok' })
})

test('a setting that cannot be, or is nearly one, is bad and named', () => {
  const errorOf = (env: Record<string, string>) => {
    try {
      loadConfig(env)
    } catch (error) {
      return error as InvalidEnvironment
    }
    throw new Error('expected it to be refused')
  }
  const findings = settingsFindings(errorOf({ PORT: 'x', MAX_CALS: '3' }))
  for (const finding of findings) expectWhole(finding)
  expect(findings.map(({ state, what }) => `${state} ${what}`)).toEqual([
    expect.stringMatching(/^bad Missing OpenAI API key/),
    expect.stringMatching(/^bad PORT: expected a port/),
    expect.stringMatching(/^bad MAX_CALS: there is no such setting; MAX_CALLS is one/)
  ])
})

async function startModel() {
  const practice = await PracticeModel.listen({ apiKey: 'sk-practice' })
  onTestFinished(() => practice.close())
  return practice
}

test('a model that answers in the telephone’s format is well, and was asked for no answer', async () => {
  const practice = await startModel()
  expect(await found(model, { OPENAI_REALTIME_URL: practice.url })).toEqual({ model: 'ok' })
  expect(practice.failures).toEqual([])
})

test('a model that will be shut down soon is a warning', async () => {
  const { url } = await startModel()
  const env = { OPENAI_REALTIME_URL: url, OPENAI_MODEL: 'gpt-realtime-mini' }
  expect(await found(model, env)).toEqual({ model: 'ok', model_shutdown: 'warn' })
})

test.each([
  ['model_key', { status: 401 }],
  ['model_key', { code: 'invalid_api_key', closeCode: 3000 }],
  ['model_name', { code: 'model_not_found', closeCode: 4004 }],
  ['model_quota', { code: 'insufficient_quota', closeCode: 4001 }],
  ['model_socket', { status: 503 }],
  ['model_socket', 'reset' as const]
])('a model that cannot be had is bad: %s, %j', async (code, refusal) => {
  const practice = await startModel()
  practice.refuse(refusal)
  expect(await found(model, { OPENAI_REALTIME_URL: practice.url })).toEqual({ [code]: 'bad' })
})

test('everything together takes less than five seconds, also where nothing answers', { timeout: 10_000 }, async () => {
  const practice = await startModel()
  practice.refuse('hang')
  const config = loadConfig({ ...KEY, OPENAI_REALTIME_URL: practice.url, DATA_DIR: await newFolder() })
  const began = performance.now()
  const findings = await examine({ config, authToken: undefined, localUrl: 'http://127.0.0.1:9' })
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(findings.find(({ group }) => group === 'model')).toMatchObject({ state: 'bad' })
  expect(JSON.stringify(findings)).not.toMatch(/sk-practice|the-token-of-the-account/)
})
