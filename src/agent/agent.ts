import { RealtimeAgent } from '@openai/agents/realtime'
import { appointments } from './appointments.ts'
import { billing } from './billing.ts'
import type { AgentFor, CallContext } from './context.ts'
import { sharedInstructions } from './instructions.ts'
import { messageBook } from './messages.ts'
import { practice } from './practice.ts'
import { endCall } from './tools/end-call.ts'
import { openingHours } from './tools/opening-hours.ts'
import { recordConsent } from './tools/record-consent.ts'
import { takeMessage } from './tools/take-message.ts'
import { transferCall } from './tools/transfer-call.ts'

const task = `# Your task
You answer the phone at ${practice.name}, a small dental practice at ${practice.address}.
Find out what the caller wants and help them:
- opening hours (look them up) and the address: answer yourself;
- booking an appointment: hand off to Appointments;
- prices, invoices, payments: hand off to Billing;
- anything else, or a wish to speak to somebody: put them through, or take a message.
If the conversation is already under way, do not greet again.
When the caller has all they need, say goodbye and end the call.`

/**
 * One object for all calls. What differs from call to call is in the context.
 * No agent sets a `voice`: the model cannot change it once it has spoken.
 */
export const triageAgent = new RealtimeAgent<CallContext>({
  name: 'Triage Agent',
  handoffDescription: 'Everything that is not your own task.',
  instructions: ({ context }) => `${task}\n\n${sharedInstructions(context.call)}`,
  tools: [openingHours, takeMessage(messageBook), transferCall, endCall, recordConsent],
  handoffs: [appointments, billing]
})

// The handoffs back are set here, because the agents refer to each other.
appointments.handoffs = [triageAgent]
billing.handoffs = [triageAgent]

/** The agent that answers. Agents are made once, and a call only chooses among them. */
export const agentFor: AgentFor = () => triageAgent
