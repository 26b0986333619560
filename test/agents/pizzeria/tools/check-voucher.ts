import { tool } from '@openai/agents/realtime'
import { z } from 'zod'
import type { CallRunContext } from '../../../../src/agent/context.ts'
import { pizzeria } from '../pizzeria.ts'
import { trouble } from './trouble.ts'

const worth: Readonly<Record<string, string>> = pizzeria.vouchers

export const checkVoucher = tool({
  ...trouble,
  name: 'check_voucher',
  description: 'Checks a gift voucher. First ask the guest to key in the six digits on it, then call this.',
  parameters: z.object({}),
  async execute(_, context?: CallRunContext) {
    const digits = await context?.context.call.collectDigits({ count: 6, timeoutMs: 20_000 })
    if (!digits) return 'No keys were pressed.'
    const found = worth[digits]
    return found === undefined ? 'No voucher has that number.' : `The voucher is ${found}.`
  }
})
