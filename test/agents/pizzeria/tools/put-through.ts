import { backgroundResult, tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../../../../src/agent/context.ts'
import { trouble } from './trouble.ts'

export const putThrough = tool({
  ...trouble,
  name: 'put_through',
  description: 'Lets the guest talk to a person. Say who that is before you call this.',
  parameters: z.object({
    person: z.string().describe('One of those at the phone.'),
    reason: z.string().describe('What the guest wants, in one sentence.')
  }),
  isEnabled: ({ runContext }: { runContext: CallRunContext }) => runContext.context.call.transferTargets.length > 0,
  async execute({ person, reason }, context?: CallRunContext) {
    try {
      context?.context.call.transfer(person, reason)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      return `There is nobody of that name, only: ${context?.context.call.transferTargets.join(', ')}.`
    }
    return backgroundResult('The guest is put through.')
  }
})
