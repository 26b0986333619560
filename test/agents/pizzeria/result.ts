import { z } from 'zod'

export const result = z.object({
  summary: z.string(),
  reason: z.string(),
  outcome: z.enum(['resolved', 'handed_off', 'abandoned', 'failed', 'voicemail']),
  followUp: z.string(),
  language: z.string(),
  pizzas: z.number().int().describe('How many pizzas were ordered.')
})
