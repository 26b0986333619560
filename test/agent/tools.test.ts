import { type FunctionTool, RealtimeAgent } from '@openai/agents/realtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CallContext } from '../../src/agent/context.ts'
import { diary } from '../../src/agent/diary.ts'
import { createInvoices } from '../../src/agent/invoices.ts'
import { messageBook, takenMessages } from '../../src/agent/messages.ts'
import { bookSlot } from '../../src/agent/tools/book-slot.ts'
import { findInvoice } from '../../src/agent/tools/find-invoice.ts'
import { describeSlots, findSlots } from '../../src/agent/tools/find-slots.ts'
import { describeHours, openingHours } from '../../src/agent/tools/opening-hours.ts'
import { takeMessage } from '../../src/agent/tools/take-message.ts'
import { fakeCall, rehearse } from './rehearsal.ts'

// A Tuesday, ten in the evening at the practice and already Wednesday in UTC.
const TUESDAY_EVENING = new Date('2026-01-14T03:00:00Z')
const MESSAGE = { from: 'Ann', phone: null, text: 'Please call.' }

beforeEach(() => void vi.useFakeTimers({ now: TUESDAY_EVENING, toFake: ['Date', 'setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

// biome-ignore lint/suspicious/noExplicitAny: a test does not care what a tool takes.
function agentWith(...tools: FunctionTool<any, any, any>[]): RealtimeAgent<CallContext> {
  return new RealtimeAgent<CallContext>({ name: 'Rehearsal', instructions: '', tools })
}

test('a message without a number is kept with the number the caller calls from', async () => {
  const { call, did } = fakeCall()
  const { useTool } = await rehearse(agentWith(takeMessage(messageBook)), call)
  const answer = await useTool('take_message', MESSAGE)
  expect(answer).toEqual({ output: 'The message was written down.', startResponse: true })
  const { callSid } = call
  expect(await takenMessages(call.store)).toEqual([
    { from: 'Ann', phone: '+15551230001', text: 'Please call.', at: TUESDAY_EVENING.getTime(), callSid }
  ])
  expect(did).toEqual(['message of Ann taken'])
})

test('a tool that throws answers in a sentence that keeps our secrets', async () => {
  const broken = { add: () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.3')) }
  const { useTool } = await rehearse(agentWith(takeMessage(broken)), fakeCall().call)
  const answer = await useTool('take_message', MESSAGE)
  expect(answer.output).toMatch(/^This could not be done: .*\.$/)
  expect(answer.output).not.toContain('ECONNREFUSED')
  expect(answer.startResponse).toBe(true)
})

test('a tool that hangs answers in a sentence after eight seconds', async () => {
  const hanging = { add: () => new Promise<void>(() => {}) }
  const { useTool } = await rehearse(agentWith(takeMessage(hanging)), fakeCall().call)
  const answer = useTool('take_message', MESSAGE)
  await vi.advanceTimersByTimeAsync(8_000)
  expect((await answer).output).toMatch(/^This took too long, .*\.$/)
})

test('a tool called with values that do not fit asks for better ones', async () => {
  const { useTool } = await rehearse(agentWith(takeMessage(messageBook)), fakeCall().call)
  expect((await useTool('take_message', { from: 'Ann' })).output).toMatch(/^The values did not fit/)
})

test('what went wrong in a tool reaches whoever keeps the log', async () => {
  const { call, did } = fakeCall()
  const add = () => Promise.reject(new Error('disk full'))
  const { useTool } = await rehearse(agentWith(takeMessage({ add })), call)
  await useTool('take_message', MESSAGE)
  expect(did).toEqual(['take_message failed'])
})

test('a time that was found can be booked once, and is then neither free nor offered', async () => {
  const { useTool } = await rehearse(agentWith(findSlots(diary), bookSlot(diary)), fakeCall().call)
  const search = { from: '2026-01-14', partOfDay: 'any' }
  const wish = { date: '2026-01-14', time: '08:00', name: 'Ann Lee', reason: 'check-up' }
  expect((await useTool('find_slots', search)).output).toContain('2026-01-14) at 08:00, 08:30, 09:00')
  expect((await useTool('book_slot', wish)).output).toBe('Booked for Ann Lee: Wednesday, January 14 at 08:00.')
  expect((await useTool('book_slot', wish)).output).toContain('That time is not free.')
  expect((await useTool('find_slots', search)).output).toContain('2026-01-14) at 08:30, 09:00, 09:30')
})

test.each([
  ['when the practice is closed', '2026-01-18', '10:00'],
  ['that has passed', '2026-01-13', '10:00'],
  ['between two slots', '2026-01-14', '10:10'],
  ['that is none', 'soon', 'early']
])('a time %s cannot be booked', async (_, date, time) => {
  const { useTool } = await rehearse(agentWith(bookSlot(diary)), fakeCall().call)
  const answer = await useTool('book_slot', { date, time, name: 'Ann', reason: 'pain' })
  expect(answer.output).toContain('That time is not free.')
})

test.each([
  ['skips closed days', '2026-01-17', 'morning', 'Free: Monday, January 19 (2026-01-19) at 08:00'],
  ['starts today when asked for the past', '2025-01-01', 'morning', 'Free: Wednesday, January 14 (2026-01-14)'],
  ['offers afternoons only, when that suits', '2026-01-16', 'afternoon', '(2026-01-16) at 12:00, 12:30;'],
  ['asks for a date it can read', 'next week', 'any', 'That is not a date.']
] as const)('find_slots %s', async (_, from, partOfDay, answer) => {
  const { call } = fakeCall()
  const freeTimes = (date: string) => diary.freeTimes(date, TUESDAY_EVENING, call)
  expect(await describeSlots(freeTimes, from, partOfDay, TUESDAY_EVENING)).toContain(answer)
})

test.each([
  ['today', 'On Tuesday, January 13 the practice is open from 08:00 to 17:00. It is 22:00 now.'],
  ['Tomorrow', 'On Wednesday, January 14 the practice is open from 08:00 to 19:00.'],
  ['friday', 'On Fridays the practice is open from 08:00 to 13:00.'],
  ['2026-12-25', 'On Friday, December 25 the practice is closed.'],
  ['2026-02-30', 'That is not a day I know. Ask the caller which day they mean.']
])('opening hours for %s are a sentence', (day, answer) => {
  expect(describeHours(day, TUESDAY_EVENING)).toBe(answer)
})

test('every tool goes by the clock of its call', async () => {
  const { call } = fakeCall({ now: () => new Date('2026-03-02T10:00:00-05:00') })
  const { useTool } = await rehearse(agentWith(openingHours, findSlots(diary), bookSlot(diary)), call)
  expect((await useTool('opening_hours', { day: 'today' })).output).toContain('Monday, March 2')
  const search = { from: '2026-01-14', partOfDay: 'any' }
  expect((await useTool('find_slots', search)).output).toContain('Free: Monday, March 2 (2026-03-02) at 10:30')
  const wish = { date: '2026-03-02', time: '09:30', name: 'Ann', reason: 'pain' }
  expect((await useTool('book_slot', wish)).output).toContain('That time is not free.')
})

test('an invoice number is keyed in and kept out of the answer', async () => {
  const agent = agentWith(findInvoice(createInvoices()))
  const known = await rehearse(agent, fakeCall({ collectDigits: async () => '100234' }).call)
  const { output } = await known.useTool('find_invoice')
  expect(output).toContain('95 dollars')
  expect(output).not.toContain('100234')
  const unknown = await rehearse(agent, fakeCall({ collectDigits: async () => '999999' }).call)
  expect((await unknown.useTool('find_invoice')).output).toContain('No invoice has that number.')
  const silent = await rehearse(agent, fakeCall().call)
  expect((await silent.useTool('find_invoice')).output).toContain('No keys were pressed.')
})
