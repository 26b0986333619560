import { RealtimeAgent } from '@openai/agents/realtime'
import { expect, test } from 'vitest'
import type { CallContext } from '../../../src/agent/context.ts'
import { openingTimes } from '../../agents/pizzeria/tools/opening-times.ts'
import { eventually, startHouse } from '../../house.ts'
import { answers, calls, hearsOut, isTold, obliging, requests, says, speak, told } from './scene.ts'

const model = obliging(({ kind, transcript }) => {
  if (kind === 'greeting') return [says('Hello.')]
  if (kind === 'tool_output') return [says('It is worth 20 euros.')]
  return transcript === 'What is my voucher worth?' ? [calls('transfer_to_Vouchers')] : [says('You are welcome.')]
})

test.each([
  ['as ever', {}],
  ['where a cough does not stop the agent', { MIN_INTERRUPTION_MS: '300' }]
])('a specialist goes on where the other agent was, in the same voice (%s)', async (_what, settings) => {
  const house = await startHouse({ env: { GREETING: 'Say hello.', ...settings }, model })
  const { session } = await house.connect()
  await hearsOut(house, 'Say hello.')
  const before = session.config
  speak(session, 'What is my voucher worth?')
  await hearsOut(house, 'It is worth 20 euros.')
  const after = session.config

  // Another task, told not to greet; the same line, voice and way of taking turns.
  expect(after.instructions).toContain('You check gift vouchers')
  expect(after.instructions).toContain('do not greet, do not introduce yourself')
  expect(after.instructions).not.toBe(before.instructions)
  expect(JSON.stringify(after.tools)).toContain('check_voucher')
  expect(after.audio).toEqual(before.audio)
  expect(after.audio).toMatchObject({
    input: { format: { type: 'audio/pcmu' }, transcription: { model: 'gpt-transcribe' } },
    output: { format: { type: 'audio/pcmu' }, voice: 'marin' }
  })

  // Nothing is told again: it is the same conversation, and the specialist answers what was asked of the other.
  expect(answers(house)).toEqual(['Say hello.', 'It is worth 20 euros.'])
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
  speak(session, 'What is my voucher worth?')
  await hearsOut(house, 'It is worth 20 euros.')
  session.drop(1011, 'server_error')
  const next = await house.model.nextSession()
  await isTold(next, 'It is worth 20 euros.')
  expect(next.config.instructions).toContain('You check gift vouchers')
  speak(next, 'Thank you.')
  await hearsOut(house, 'You are welcome.')
})

test('a specialist without tools has none of the other agent’s, also after a lost model', async () => {
  const vouchers = new RealtimeAgent<CallContext>({ name: 'Vouchers', instructions: 'You know vouchers.' })
  const agent = new RealtimeAgent<CallContext>({
    name: 'Host',
    instructions: 'You answer.',
    tools: [openingTimes],
    handoffs: [vouchers]
  })
  const house = await startHouse({ model, overrides: { agentFor: () => agent } })
  const { session } = await house.connect()
  expect(session.config.tools.map(({ name }) => name)).toEqual(['opening_times', 'transfer_to_Vouchers'])
  speak(session, 'What is my voucher worth?')
  await hearsOut(house, 'It is worth 20 euros.')
  expect(session.config).toMatchObject({ instructions: 'You know vouchers.', tools: [] })
  session.drop(1011, 'server_error')
  const next = await house.model.nextSession()
  await eventually(
    () => next.config.instructions,
    (instructions) => instructions === 'You know vouchers.'
  )
  expect(next.config.tools).toEqual([])
})
