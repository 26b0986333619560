import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../context.ts'
import { sayDate } from '../dates.ts'
import type { Diary } from '../diary.ts'
import { currentCall } from './current-call.ts'
import { failure } from './failure.ts'

export function bookSlot(diary: Diary) {
  return tool({
    ...failure,
    name: 'book_slot',
    description: 'Books an appointment. Read name, day and time back and wait for a yes before you call this.',
    parameters: z.object({
      date: z.string().describe('The day, as YYYY-MM-DD, as find_slots gave it.'),
      time: z.string().describe('The time, as HH:MM, as find_slots gave it.'),
      name: z.string().max(200).describe('The name of the patient.'),
      reason: z.string().max(500).describe('What the visit is for, in a few words.')
    }),
    async execute(wish, context?: CallRunContext) {
      const call = currentCall(context)
      const booked = await diary.book({ ...wish, phone: call.from }, call.now(), call)
      if (!booked) return 'That time is not free. Apologise, and look for another one with find_slots.'
      return `Booked for ${wish.name}: ${sayDate(wish.date)} at ${wish.time}.`
    }
  })
}
