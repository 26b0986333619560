import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import { pizzeria } from '../pizzeria.ts'
import { trouble } from './trouble.ts'

export const openingTimes = tool({
  ...trouble,
  name: 'opening_times',
  description: 'When the pizzeria is open on a day.',
  parameters: z.object({ day: z.string().describe('A weekday in English, or "today".') }),
  async execute({ day }) {
    if (day === pizzeria.closedOn) return `On ${day}s we are closed.`
    return `On ${day} the oven is hot from ${pizzeria.opens} to ${pizzeria.closes}.`
  }
})
