import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newAccount, newNumber, TwilioRestDouble } from '../../simulator/rest/twilio-rest.ts'
import { startScript } from './script-process.ts'

/** Two processes have to start, on a machine that may be busy. */
const STEP_MS = 20_000

test('npm run dev starts the server again when .env is filled', { timeout: 4 * STEP_MS }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dev-'))
  const env = { OPENAI_API_KEY: undefined, PORT: '0', HOST: '127.0.0.1' }
  const { child, lines, ended } = startScript('simulator/dev.ts', [], env, folder)
  onTestFinished(() => rm(folder, { recursive: true }))
  await lines.next((line) => line.startsWith('.env was made from .env.example'), STEP_MS)
  await lines.next((line) => line.startsWith('Missing OpenAI API key.'), STEP_MS)
  await lines.next((line) => line.includes('Waiting for file changes'), STEP_MS)
  for (const key of ['sk-one', 'sk-another']) {
    await writeFile(join(folder, '.env'), `OPENAI_API_KEY=${key}\n`)
    await lines.next((line) => line.includes('Server listening at'), STEP_MS)
  }
  child.kill('SIGTERM')
  expect(await ended).not.toBe(undefined)
  expect(lines.all.filter((line) => line.includes('"draining"'))).toHaveLength(2)
})

test('npm run dev -- --tunnel points the number at the public address, and puts it back at the end', {
  timeout: 3 * STEP_MS
}, async () => {
  const number = newNumber({ voice_url: 'https://old.example/voice' })
  const twilio = await TwilioRestDouble.listen(newAccount({ numbers: [number] }))
  onTestFinished(() => twilio.close())
  const { child, lines, ended } = startScript('simulator/dev.ts', ['--tunnel'], {
    ...{ OPENAI_API_KEY: 'sk-practice', PORT: '0', HOST: '127.0.0.1', PUBLIC_URL: 'https://tunnel.example' },
    ...{
      TWILIO_API_URL: twilio.url,
      TWILIO_ACCOUNT_SID: twilio.account.sid,
      TWILIO_AUTH_TOKEN: twilio.account.authToken
    }
  })
  await lines.next((line) => line.includes('https://tunnel.example/incoming-call until this ends'), STEP_MS)
  expect(number.voice_url).toBe('https://tunnel.example/incoming-call')
  await lines.next((line) => line.includes('Server listening at'), STEP_MS)
  child.kill('SIGTERM')
  await ended
  expect(number.voice_url).toBe('https://old.example/voice')
})

test('npm run dev -- --tunnel says what it needs', { timeout: STEP_MS }, async () => {
  const env = { OPENAI_API_KEY: 'sk-practice', NGROK_AUTHTOKEN: '' }
  const { lines, ended } = startScript('simulator/dev.ts', ['--tunnel'], env)
  await lines.next((line) => line.startsWith('NGROK_AUTHTOKEN: a tunnel needs it'), STEP_MS)
  expect(await ended).toBe(1)
})
