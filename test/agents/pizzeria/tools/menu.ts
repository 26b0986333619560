import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import { pizzeria } from '../pizzeria.ts'
import { trouble } from './trouble.ts'

export const menu = tool({
  ...trouble,
  name: 'menu',
  description: 'What is on the menu, with prices.',
  parameters: z.object({}),
  execute: async () =>
    Object.entries(pizzeria.menu)
      .map(([pizza, price]) => `${pizza} is ${price} euros.`)
      .join(' ')
})
