import { expect, test } from 'vitest'
import { startScript } from '../simulator/script-process.ts'
import { NEW_SECRET, receive, SECRET } from '../webhooks/receiver.ts'

const COMMAND = 'src/commands/webhook.ts'

test('npm run webhook -- listen makes a secret, and prints and verifies what test sends', async () => {
  const { lines } = startScript(COMMAND, ['listen', '--port', '0'], { WEBHOOK_SECRET: '' })
  const WEBHOOK_URL = (await lines.next((line) => line.startsWith('WEBHOOK_URL='))).slice('WEBHOOK_URL='.length)
  const WEBHOOK_SECRET = (await lines.next((line) => line.startsWith('WEBHOOK_SECRET='))).slice(
    'WEBHOOK_SECRET='.length
  )
  const sent = startScript(COMMAND, ['test'], { WEBHOOK_URL, WEBHOOK_SECRET })
  await lines.next((line) => /msg_\w+ {2}verified$/.test(line))
  await lines.next((line) => line.startsWith('{"type":"webhook.test"'))
  await sent.lines.next((line) => /^delivered: 204 after \d+ ms$/.test(line))

  const forged = startScript(COMMAND, ['test'], { WEBHOOK_URL, WEBHOOK_SECRET: NEW_SECRET })
  await lines.next((line) => line.endsWith('it is signed with another secret, or was changed'))
  await forged.lines.next((line) => line.startsWith('the answer was 401'))
})

test('npm run webhook -- test sends what the library of Standard Webhooks verifies', async () => {
  const { url, next } = await receive()
  startScript(COMMAND, ['test'], { WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET })
  expect((await next('webhook.test')).data).toEqual({})
})

test.each([
  [['shout'], {}, 'expected listen or test; --help says more'],
  [['listen', '--port', 'here'], {}, '--port: expected a port from 0 to 65535, got here'],
  [['test'], { WEBHOOK_URL: '' }, 'WEBHOOK_URL: set it, here or in .env'],
  [
    ['test'],
    { WEBHOOK_URL: 'crm' },
    'WEBHOOK_URL: expected a URL like https://crm.example.com/calls (see .env.example)'
  ]
])('%j is told what is wrong in one line', async (args, env, line) => {
  const { lines } = startScript(COMMAND, args, env)
  await lines.next((one) => one === line)
})
