import { RealtimeAgent } from '@openai/agents/realtime'
import { expect, test } from 'vitest'
import type { CallContext } from '../../../src/agent/context.ts'
import { openingHours } from '../../../src/agent/tools/opening-hours.ts'
import { eventually, startHouse } from '../../house.ts'
import { answers, calls, hearsOut, isTold, obliging, requests, says, speak, told } from './scene.ts'

const model = obliging(({ kind, transcript }) => {
  if (kind === 'greeting') return [says('Hello.')]
  if (kind === 'tool_output') return [says('A filling is from 180 dollars.')]
  return transcript === 'What is a filling?' ? [calls('transfer_to_Billing')] : [says('You are welcome.')]
})

test.each([
  ['as ever', {}],
  ['where a cough does not stop the agent', { MIN_INTERRUPTION_MS: '300' }]
])('a specialist goes on where the other agent was, in the same voice (%s)', async (_what, settings) => {
  const house = await startHouse({ env: { GREETING: 'Say hello.', ...settings }, model })
  const { session } = await house.connect()
  await hearsOut(house, 'Say hello.')
  const before = session.config
  speak(session, 'What is a filling?')
  await hearsOut(house, 'A filling is from 180 dollars.')
  const after = session.config

  // Another task, told not to greet; the same line, voice and way of taking turns.
  expect(after.instructions).toContain('You answer questions about prices and invoices')
  expect(after.instructions).toContain('do not greet, do not introduce yourself')
  expect(after.instructions).not.toBe(before.instructions)
  expect(JSON.stringify(after.tools)).toContain('find_invoice')
  expect(after.audio).toEqual(before.audio)
  expect(after.audio).toMatchObject({
    input: { format: { type: 'audio/pcmu' }, transcription: { model: 'gpt-transcribe' } },
    output: { format: { type: 'audio/pcmu' }, voice: 'marin' }
  })

  // Nothing is told again: it is the same conversation, and the specialist answers what was asked of the other.
  expect(answers(house)).toEqual(['Say hello.', 'A filling is from 180 dollars.'])
  expect(house.model.sessions).toHaveLength(1)
  expect(told(session)).toHaveLength(1)
  const greetings = requests(session).filter((event) => JSON.stringify(event).includes('Say hello.'))
  expect(greetings).toHaveLength(1)
  speak(session, 'Thank you.')
  await hearsOut(house, 'You are welcome.')
  expect(session.errors).toEqual([])
})

test('a specialist who was speaking is the one who comes back from a lost model', async () => {
  const house = await startHouse({ model })
  const { session } = await house.connect()
  speak(session, 'What is a filling?')
  await hearsOut(house, 'A filling is from 180 dollars.')
  session.drop(1011, 'server_error')
  const next = await house.model.nextSession()
  await isTold(next, 'A filling is from 180 dollars.')
  expect(next.config.instructions).toContain('You answer questions about prices and invoices')
  speak(next, 'Thank you.')
  await hearsOut(house, 'You are welcome.')
})

test('a specialist without tools has none of the other agent’s, also after a lost model', async () => {
  const billing = new RealtimeAgent<CallContext>({ name: 'Billing', instructions: 'You know prices.' })
  const agent = new RealtimeAgent<CallContext>({
    name: 'Triage Agent',
    instructions: 'You answer.',
    tools: [openingHours],
    handoffs: [billing]
  })
  const house = await startHouse({ model, overrides: { agent } })
  const { session } = await house.connect()
  expect(session.config.tools.map(({ name }) => name)).toEqual(['opening_hours', 'transfer_to_Billing'])
  speak(session, 'What is a filling?')
  await hearsOut(house, 'A filling is from 180 dollars.')
  expect(session.config).toMatchObject({ instructions: 'You know prices.', tools: [] })
  session.drop(1011, 'server_error')
  const next = await house.model.nextSession()
  await eventually(
    () => next.config.instructions,
    (instructions) => instructions === 'You know prices.'
  )
  expect(next.config.tools).toEqual([])
})
