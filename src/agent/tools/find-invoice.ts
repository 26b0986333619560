import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../context.ts'
import type { Invoices } from '../invoices.ts'
import { currentCall } from './current-call.ts'
import { failure } from './failure.ts'

export function findInvoice(invoices: Invoices) {
  return tool({
    ...failure,
    // The caller needs time to find the invoice and to press the keys.
    timeoutMs: 60_000,
    name: 'find_invoice',
    description:
      'Waits for the invoice number on the keypad and looks the invoice up. ' +
      'First ask the caller to key in the six digits printed on it, then call this.',
    parameters: z.object({}),
    async execute(_, context?: CallRunContext) {
      const number = await currentCall(context).collectDigits({ count: 6, timeoutMs: 20_000 })
      if (number === '') return 'No keys were pressed. Ask once more, or take a message.'
      const invoice = await invoices.find(number)
      // The number stays out of the answer, because keyed digits are kept out of the conversation.
      if (invoice === undefined) return 'No invoice has that number. Ask the caller to check it and key it in again.'
      return `The invoice is for ${invoice.treatment}, ${invoice.amount}, ${invoice.state}.`
    }
  })
}
