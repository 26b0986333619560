import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startScript } from './script-process.ts'

async function tunnel(prepare: (folder: string) => Promise<void>) {
  const folder = await mkdtemp(join(tmpdir(), 'tunnel-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await prepare(folder)
  const { lines, ended } = startScript('simulator/tunnel.ts', [], { PATH: folder, NGROK_AUTHTOKEN: undefined }, folder)
  return { code: await ended, lines: lines.all }
}

test('npm run tunnel without ngrok says what to install', async () => {
  expect(await tunnel(async () => {})).toEqual({
    code: 1,
    lines: ['ngrok is not installed here: get it from https://ngrok.com/download.']
  })
})

test('npm run tunnel starts ngrok with its settings and the authtoken in .env, and ends as it does', async () => {
  const { code, lines } = await tunnel(async (folder) => {
    await writeFile(join(folder, '.env'), 'NGROK_AUTHTOKEN=from-env\n')
    await writeFile(join(folder, 'ngrok'), '#!/bin/sh\necho "$@" $NGROK_AUTHTOKEN\nexit 3\n')
    await chmod(join(folder, 'ngrok'), 0o755)
  })
  expect({ code, lines }).toEqual({ code: 3, lines: ['start --all --config ngrok.yml from-env'] })
})
