import { expect, test } from 'vitest'
import { z } from 'zod'
import { dayIn, timeIn } from '../../simulator/model/brain/arguments/dates.ts'
import { countsIn, digitsIn } from '../../simulator/model/brain/arguments/numbers.ts'
import { Talk } from './talk.ts'

const TUESDAY = '2026-11-24'

test.each([
  ['tomorrow', '2026-11-25'],
  ['the day after tomorrow', '2026-11-26'],
  ['on Tuesday', '2026-11-24'],
  ['next Tuesday', '2026-12-01'],
  ['Monday in the morning', '2026-11-30'],
  ['in two weeks', '2026-12-08'],
  ['on December 3rd', '2026-12-03'],
  ['the third of February', '2027-02-03'],
  ['heute Abend', '2026-11-24'],
  ['Guten Morgen, am Freitag', '2026-11-27'],
  ['am 3. Dezember', '2026-12-03'],
  ['mañana por la mañana', '2026-11-25'],
  ['el 3 de diciembre', '2026-12-03'],
  ['2026-12-24', '2026-12-24'],
  ['Good morning', undefined],
  ['May I ask something?', undefined]
])('the day in "%s"', (words, date) => {
  expect(dayIn(words, TUESDAY)?.date).toBe(date)
})

test('without a calendar a day has a name and no date', () => {
  expect(dayIn('on Friday', undefined)).toEqual({ weekday: 'Friday' })
  expect(dayIn('tomorrow', undefined)).toEqual({ relative: 'tomorrow' })
})

test.each([
  ['at ten', '10:00'],
  ['at seven', '19:00'],
  ['at seven in the morning', '07:00'],
  ['half past nine', '09:30'],
  ['at nine thirty', '09:30'],
  ['quarter to six', '17:45'],
  ['3 pm', '15:00'],
  ['at 9:30 a.m.', '09:30'],
  ['um halb zehn', '09:30'],
  ['um 14 Uhr', '14:00'],
  ['a las diez y media', '10:30'],
  ['at noon', '12:00'],
  ['two large ones', undefined]
])('the time in "%s"', (words, time) => {
  expect(timeIn(words)).toBe(time)
})

test('numbers are understood in words', () => {
  const numbers = (text: string) => countsIn(text).map(({ value }) => value)
  expect(numbers('twenty five and three, fünfundzwanzig, dos, 7')).toEqual([25, 3, 25, 2, 7])
  expect(numbers('the second one')).toEqual([])
  expect(digitsIn('It is four two, 1 oh.')).toBe('4210')
})

const order = z.object({
  kind: z.literal('pickup'),
  item: z.object({ dish: z.enum(['soup', 'spring_rolls']), count: z.int().describe('How many of the dish') }),
  extras: z.array(z.enum(['chili', 'garlic'])).describe('What goes on top'),
  spicy: z.boolean().optional().describe('Whether it is hot; else mild.'),
  code: z
    .string()
    .regex(/^[A-Z]\d{3}$/)
    .nullable()
    .describe('A voucher'),
  size: z.string().describe('The size: small or large.'),
  mode: z.enum(['fast', 'any']),
  note: z.string().optional().describe('A note in the words of the caller.'),
  when: z.iso.time().optional()
})
const kitchen = { instructions: '', tools: { order_dish: { description: 'Takes an order.', parameters: order } } }
const ordered = async (words: string) => (await new Talk(kitchen).say(words)).called[0]?.[1]

test('arguments fit a schema that was never seen, and hold what was said', async () => {
  expect(await ordered('Order three large spring rolls with garlic, my voucher is A123, not spicy.')).toEqual({
    kind: 'pickup',
    item: { dish: 'spring_rolls', count: 3 },
    extras: ['garlic'],
    spicy: false,
    code: 'A123',
    size: 'large',
    mode: 'any',
    note: expect.any(String)
  })
})

test('what need not be said has the value for that', async () => {
  expect(await ordered('I would like to order a small soup.')).toEqual({
    kind: 'pickup',
    item: { dish: 'soup', count: 1 },
    extras: [],
    code: null,
    size: 'small',
    mode: 'any'
  })
})

test('what must be chosen is asked for with its choices', async () => {
  expect((await new Talk(kitchen).say('I want to order a soup.')).said).toBe('The size: small or large?')
})
