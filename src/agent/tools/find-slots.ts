import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../context.ts'
import { addDays, isDate, sayDate, today } from '../dates.ts'
import type { Diary } from '../diary.ts'
import { currentCall } from './current-call.ts'
import { failure } from './failure.ts'

const DAYS_AHEAD = 14
const DAYS_OFFERED = 2
const TIMES_A_DAY = 3

const partOfDay = z.enum(['morning', 'afternoon', 'any'])

export function findSlots(diary: Diary) {
  return tool({
    ...failure,
    name: 'find_slots',
    description: 'Finds the next free times for an appointment. Say "let me look" before you call this.',
    parameters: z.object({
      from: z.string().describe('The first day that suits the caller, as YYYY-MM-DD.'),
      partOfDay: partOfDay.describe('What suits the caller; "any" when they do not mind.')
    }),
    async execute({ from, partOfDay }, context?: CallRunContext) {
      const call = currentCall(context)
      const now = call.now()
      return describeSlots((date) => diary.freeTimes(date, now, call), from, partOfDay, now)
    }
  })
}

export async function describeSlots(
  freeTimes: (date: string) => Promise<string[]>,
  from: string,
  part: z.infer<typeof partOfDay>,
  now: Date
): Promise<string> {
  if (!isDate(from)) return 'That is not a date. Work out the day the caller means and give it as YYYY-MM-DD.'
  const first = from < today(now) ? today(now) : from
  const offers: string[] = []
  for (let ahead = 0; ahead < DAYS_AHEAD && offers.length < DAYS_OFFERED; ahead++) {
    const date = addDays(first, ahead)
    const times = (await freeTimes(date)).filter((time) => suits(time, part)).slice(0, TIMES_A_DAY)
    if (times.length > 0) offers.push(`${sayDate(date)} (${date}) at ${times.join(', ')}`)
  }
  if (offers.length === 0) return `Nothing is free in the ${DAYS_AHEAD} days from ${sayDate(first)}. Offer a later day.`
  return `Free: ${offers.join('; ')}. Offer two of these.`
}

function suits(time: string, part: z.infer<typeof partOfDay>): boolean {
  return part === 'any' || (part === 'morning') === time < '12:00'
}
