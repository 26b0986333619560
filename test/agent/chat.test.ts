import { expect, test } from 'vitest'
import { chat } from '../simulator/script-process.ts'

test('the practice answers, hands over, takes an invoice number by keys and hangs up, offline', async () => {
  const lines = ['When are you open on Friday?', 'What does a cleaning cost?', 'I have a question about my invoice.']
  const { code, out } = await chat([...lines, '100234#', 'Thanks, goodbye.'], { env: { NODE_OPTIONS: '' } })
  const heard = out.filter((line) => line.startsWith('agent'))
  expect(heard).toEqual([
    'agent   Hello.',
    'agent   On Fridays the practice is open from 08:00 to 13:00. Is there anything else?',
    'agent   [hands off to Billing]',
    'agent   Cleaning by the hygienist: 120 dollars.',
    expect.stringContaining('six digits'),
    'agent   [waits for 6 keys, 20 s long: type them on a line of their own]',
    expect.stringMatching(/^agent {3}The invoice is for a check-up, 95 dollars/),
    'agent   Thank you for calling. Goodbye!',
    'agent   [hangs up]'
  ])
  expect(code).toBe(0)
}, 20_000)
