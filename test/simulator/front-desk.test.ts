import { describe, expect, test } from 'vitest'
import { defaultBrain, type Turn } from '../../simulator/model/brain.ts'
import type { Item } from '../../simulator/model/conversation.ts'
import { fillArguments } from '../../simulator/model/fill-arguments.ts'
import { spoken } from '../../simulator/model/spoken.ts'

const turn = (given: Partial<Turn>): Turn => ({
  kind: 'speech',
  transcript: null,
  tools: [],
  toolParameters: {},
  instructions: '',
  turnNumber: 1,
  items: [],
  ...given
})

const triage = [
  'opening_hours',
  'take_message',
  'transfer_call',
  'end_call',
  'transfer_to_Appointments',
  'transfer_to_Billing'
]
const called = (name: string, callId = name): Item[] => {
  const base = { object: 'realtime.item', status: 'completed', call_id: callId } as const
  return [
    { ...base, id: `${callId}_call`, type: 'function_call', name, arguments: '{}' },
    { ...base, id: `${callId}_output`, type: 'function_call_output', output: 'Free: Monday (2026-01-05) at 09:30.' }
  ]
}
const tools = async (given: Partial<Turn>) =>
  (await defaultBrain(turn(given))).flatMap((reply) => ('callTool' in reply ? [reply.callTool] : []))
const words = async (given: Partial<Turn>) =>
  (await defaultBrain(turn(given))).map((reply) => ('say' in reply ? reply.say : '')).join(' ')

describe('the front desk', () => {
  test.each([
    ['When are you open?', 'opening_hours'],
    ['I would like an appointment.', 'transfer_to_Appointments'],
    ['It is about an invoice.', 'transfer_to_Billing'],
    ['Can I leave a message?', 'take_message'],
    ['Can I speak to a person?', 'transfer_call'],
    ['Thank you, goodbye.', 'end_call']
  ])('%s -> %s, and says something without it', async (transcript, tool) => {
    expect(await tools({ transcript, tools: triage })).toEqual([tool])
    expect(await words({ transcript })).toMatch(/\w+ \w+/)
  })

  test('greets, and says what it is told to when that is quoted', async () => {
    expect(await words({ kind: 'greeting', responseInstructions: 'Greet the caller in one sentence.' })).toContain(
      'AI assistant'
    )
    expect(await words({ kind: 'greeting', responseInstructions: 'Say "Welcome back." and no more.' })).toBe(
      'Welcome back.'
    )
  })

  test('asks a silent caller whether they are still there, without reading its instructions aloud', async () => {
    const responseInstructions = 'The caller has been silent for a while. Ask once whether they are there.'
    expect(await words({ kind: 'prompted', responseInstructions })).toBe('Are you still there?')
  })

  test('answers a recording it cannot read', async () => {
    expect(await words({ transcript: '[speech]' })).toBe('I heard you. How can I help with that?')
  })

  test('books what was offered once the caller agrees', async () => {
    const parameters = {
      type: 'object',
      properties: { date: { type: 'string' }, time: { type: 'string' } },
      required: ['date', 'time']
    }
    const replies = await defaultBrain(
      turn({
        transcript: 'Yes, please.',
        tools: ['book_slot'],
        toolParameters: { book_slot: parameters },
        items: called('find_slots')
      })
    )
    expect(replies).toEqual([{ callTool: 'book_slot', arguments: { date: '2026-01-05', time: '09:30' } }])
  })

  test('a specialist takes up the wish, and is not handed the caller twice', async () => {
    const user: Item = {
      id: 'u',
      object: 'realtime.item',
      status: 'completed',
      type: 'message',
      role: 'user',
      content: []
    }
    const moved = { kind: 'tool_output', tool: 'transfer_to_Billing', transcript: 'I need an appointment.' } as const
    const items = [user, ...called('transfer_to_Billing')]
    expect(await tools({ ...moved, items, tools: ['transfer_to_Triage_Agent'] })).toEqual(['transfer_to_Triage_Agent'])
    const again = [...items, ...called('transfer_to_Triage_Agent')]
    expect(await words({ ...moved, items: again, tools: ['transfer_to_Triage_Agent'] })).toContain(
      "You're through to billing"
    )
  })
})

test('arguments fit a schema that was never seen', () => {
  const schema = {
    type: 'object',
    properties: {
      from: { type: 'string', description: 'The first day, as YYYY-MM-DD.' },
      who: { type: 'string', description: 'The name the caller gave.' },
      phone: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      part: { type: 'string', enum: ['morning', 'any'] },
      count: { type: 'integer', minimum: 2 },
      urgent: { type: 'boolean' },
      tags: { type: 'array', items: { type: 'string' } }
    },
    required: ['from', 'who', 'phone', 'part', 'count', 'urgent']
  }
  const hints = { date: '2026-01-05', name: 'Sam', phone: '+1', words: 'in the morning' }
  expect(fillArguments(schema, hints)).toEqual({
    from: '2026-01-05',
    who: 'Sam',
    phone: '+1',
    part: 'morning',
    count: 2,
    urgent: true
  })
  expect(fillArguments(undefined, {})).toEqual({})
})

test.each([
  ['We are closed', 'We are closed.'],
  ['{"day":"Friday","open":true,"hours":["eight","five"]}', 'Friday, eight, five.'],
  ['Free: Monday (2026-01-05) at 09:30. Offer two of these.', 'Free: Monday at 09:30.'],
  ['', "All right, that's done."]
])('a tool’s answer is said as a sentence: %s', (output, sentence) => {
  expect(spoken(output)).toBe(sentence)
})
