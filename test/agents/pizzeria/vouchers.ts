import { RealtimeAgent } from '@openai/agents/realtime'
import type { CallContext } from '../../../src/agent/context.ts'
import { pizzeria } from './pizzeria.ts'
import { checkVoucher } from './tools/check-voucher.ts'
import { hangUp } from './tools/hang-up.ts'

/** The specialist that the host hands guests to. */
export const vouchers = new RealtimeAgent<CallContext>({
  name: 'Vouchers',
  handoffDescription: 'Gift cards and vouchers.',
  instructions: `You check gift vouchers at ${pizzeria.name}.
You are already in conversation with the guest: do not greet, do not introduce yourself.
A gift card cannot be turned into cash.`,
  tools: [checkVoucher, hangUp]
})
