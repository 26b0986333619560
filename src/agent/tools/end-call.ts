import { backgroundResult, tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../context.ts'
import { currentCall } from './current-call.ts'
import { failure } from './failure.ts'

export const endCall = tool({
  ...failure,
  name: 'end_call',
  description:
    'Hangs up. Only when the caller needs nothing more. ' +
    'Say goodbye aloud in this same turn, then call this: nothing can be said afterwards.',
  parameters: z.object({}),
  async execute(_, context?: CallRunContext) {
    currentCall(context).endCall()
    // A plain answer would make the model speak again after its goodbye.
    return backgroundResult('The call ends when the caller has heard the goodbye.')
  }
})
