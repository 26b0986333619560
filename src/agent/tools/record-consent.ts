import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../context.ts'
import { currentCall } from './current-call.ts'
import { failure } from './failure.ts'

export const recordConsent = tool({
  ...failure,
  name: 'record_consent',
  description: 'Writes down whether the caller agrees that this call is recorded. Only with what they have said.',
  parameters: z.object({ agrees: z.boolean() }),
  isEnabled: ({ runContext }: { runContext: CallRunContext }) => runContext.context.call.asksToRecord,
  async execute({ agrees }, context?: CallRunContext) {
    currentCall(context).answerRecording(agrees)
    return agrees ? 'The call is recorded from now on.' : 'The call is not recorded. What was recorded is deleted.'
  }
})
