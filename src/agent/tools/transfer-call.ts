import { backgroundResult, tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../context.ts'
import { currentCall } from './current-call.ts'
import { failure } from './failure.ts'

export const transferCall = tool({
  ...failure,
  name: 'transfer_call',
  description:
    'Puts the caller through to a person, which ends your part of the call. ' +
    'Tell the caller aloud in this same turn who you are putting them through to, then call this.',
  parameters: z.object({
    target: z.string().describe('One of the names under "People" in your instructions, exactly as written there.'),
    summary: z.string().max(300).describe('One sentence for the person who picks up: who is calling, and why.')
  }),
  isEnabled: ({ runContext }: { runContext: CallRunContext }) => runContext.context.call.transferTargets.length > 0,
  async execute({ target, summary }, context?: CallRunContext) {
    const call = currentCall(context)
    const name = call.transferTargets.find((known) => known.toLowerCase() === target.trim().toLowerCase())
    if (name === undefined) {
      return `There is no "${target}" to put the caller through to. There is: ${call.transferTargets.join(', ')}.`
    }
    call.transfer(name, summary)
    // A plain answer would make the model speak again, over the ringing.
    return backgroundResult(`The caller is put through to ${name} when they have heard the announcement.`)
  }
})
