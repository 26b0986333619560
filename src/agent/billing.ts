import { RealtimeAgent } from '@openai/agents/realtime'
import type { CallContext } from './context.ts'
import { sharedInstructions } from './instructions.ts'
import { createInvoices } from './invoices.ts'
import { messageBook } from './messages.ts'
import { practice } from './practice.ts'
import { endCall } from './tools/end-call.ts'
import { findInvoice } from './tools/find-invoice.ts'
import { recordConsent } from './tools/record-consent.ts'
import { takeMessage } from './tools/take-message.ts'
import { transferCall } from './tools/transfer-call.ts'

const priceList = Object.entries(practice.prices).map(([treatment, price]) => `- ${treatment}: ${price}`)

const task = `# Your task
You answer questions about prices and invoices at ${practice.name}. You are already in conversation with the caller:
do not greet, do not introduce yourself, do not ask again what was said. Carry on from there.
- Prices come from the list below and from nowhere else. What is not in it, the practice will call back about.
- Invoices come from find_invoice. Never ask for a card number: nothing is paid on this line.
- A complaint, a refund, paying in parts: take a message.
- For anything else hand off to the Triage Agent.

# Prices
${priceList.join('\n')}`

export const billing = new RealtimeAgent<CallContext>({
  name: 'Billing',
  handoffDescription: 'Answers questions about prices and invoices.',
  instructions: ({ context }) => `${task}\n\n${sharedInstructions(context.call)}`,
  tools: [findInvoice(createInvoices()), takeMessage(messageBook), transferCall, endCall, recordConsent]
})
