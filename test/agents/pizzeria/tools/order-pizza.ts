import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import { trouble } from './trouble.ts'

export const orderPizza = tool({
  ...trouble,
  name: 'order_pizza',
  description: 'Takes an order.',
  parameters: z.object({
    pizza: z.enum(['Margherita', 'Funghi', 'Diavola']).describe('Which pizza'),
    size: z.enum(['small', 'large']).describe('The size'),
    quantity: z.number().int().describe('How many of them'),
    delivery: z.boolean().describe('Whether it is delivered; else the guest picks it up.'),
    name: z.string().describe('The name of the guest.')
  }),
  async execute({ pizza, size, quantity, delivery, name }) {
    const how = delivery ? 'It will be with you in forty minutes.' : 'You can pick it up in twenty minutes.'
    return `Ordered for ${name}: ${quantity} ${size} ${pizza}. ${how}`
  }
})
