import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../context.ts'
import { addDays, asWeekday, clock, hoursOn, isDate, sayDate, today } from '../dates.ts'
import { type Hours, practice } from '../practice.ts'
import { currentCall } from './current-call.ts'
import { failure } from './failure.ts'

export const openingHours = tool({
  ...failure,
  name: 'opening_hours',
  description: 'When the practice is open on a day.',
  parameters: z.object({
    day: z.string().describe('"today", "tomorrow", a weekday in English such as "Monday", or a date as YYYY-MM-DD.')
  }),
  async execute({ day }, context?: CallRunContext) {
    return describeHours(day, currentCall(context).now())
  }
})

export function describeHours(day: string, now: Date): string {
  const weekday = asWeekday(day)
  if (weekday !== undefined) return `On ${weekday}s the practice is ${says(practice.hours[weekday])}.`
  const date = toDate(day.toLowerCase(), now)
  if (date === undefined) return 'That is not a day I know. Ask the caller which day they mean.'
  const sentence = `On ${sayDate(date)} the practice is ${says(hoursOn(date))}.`
  return date === today(now) ? `${sentence} It is ${clock(now)} now.` : sentence
}

function toDate(day: string, now: Date): string | undefined {
  if (day === 'today') return today(now)
  if (day === 'tomorrow') return addDays(today(now), 1)
  return isDate(day) ? day : undefined
}

function says(hours: Hours | undefined): string {
  return hours === undefined ? 'closed' : `open from ${hours.opens} to ${hours.closes}`
}
