import { z } from 'zod'

/**
 * What is learned from a call when it is over, where RESULT_MODEL names a model that reads its record. Add what your
 * practice wants to know: a field's name and description are all that the model is told of it. Every value is stored
 * with the turns that show it, and is null where no turn does.
 */
export const result = z.object({
  summary: z.string().describe('What the caller wanted and what came of it, in one or two sentences.'),
  reason: z.string().describe('Why they called, in a few words.'),
  outcome: z
    .enum(['resolved', 'handed_off', 'abandoned', 'failed', 'voicemail'])
    .describe(
      'resolved: the caller got what they wanted; handed_off: a person goes on with it; abandoned: the caller left before that; failed: the agent could not do it; voicemail: no person was there.'
    ),
  followUp: z.string().describe('What the practice has to do now, in one sentence; null when there is nothing.'),
  language: z.string().describe('The language that the caller spoke, as a tag such as en or de.'),
  isNewPatient: z.boolean().describe('Whether the caller said that they have not been here before.'),
  isInPain: z.boolean().describe('Whether the caller said that somebody is in pain.')
})
