import { backgroundResult, tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../../../../src/agent/context.ts'
import { trouble } from './trouble.ts'

export const hangUp = tool({
  ...trouble,
  name: 'hang_up',
  description: 'Ends the call. Say goodbye before you call this.',
  parameters: z.object({}),
  async execute(_, context?: CallRunContext) {
    context?.context.call.endCall()
    return backgroundResult('The line closes after the goodbye.')
  }
})
