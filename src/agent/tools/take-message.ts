import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../context.ts'
import type { MessageBook } from '../messages.ts'
import { currentCall } from './current-call.ts'
import { failure } from './failure.ts'

export function takeMessage(messages: MessageBook) {
  return tool({
    ...failure,
    name: 'take_message',
    description: 'Writes down a message for the practice. Read it back to the caller before you call this.',
    parameters: z.object({
      from: z.string().max(200).describe('The name the caller gave.'),
      phone: z.string().max(40).nullable().describe('Where to call back; null for the number they are calling from.'),
      text: z.string().max(2_000).describe('The message, in the words of the caller.')
    }),
    async execute({ from, phone, text }, context?: CallRunContext) {
      const call = currentCall(context)
      const message = { from, phone: phone ?? call.from, text }
      await messages.add(message, call)
      call.messageTaken(message)
      return 'The message was written down.'
    }
  })
}
