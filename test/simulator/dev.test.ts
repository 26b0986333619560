import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startScript } from './script-process.ts'

/** Two processes have to start, on a machine that may be busy. */
const STEP_MS = 20_000

test('npm run dev starts the server again when .env is filled', { timeout: 4 * STEP_MS }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dev-'))
  const env = { OPENAI_API_KEY: undefined, PORT: '0', HOST: '127.0.0.1' }
  const { child, lines, ended } = startScript('simulator/dev.ts', [], env, folder)
  onTestFinished(() => rm(folder, { recursive: true }))
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
