import { RealtimeAgent } from '@openai/agents/realtime'
import type { CallContext } from './context.ts'
import { diary } from './diary.ts'
import { sharedInstructions } from './instructions.ts'
import { messageBook } from './messages.ts'
import { practice } from './practice.ts'
import { bookSlot } from './tools/book-slot.ts'
import { endCall } from './tools/end-call.ts'
import { findSlots } from './tools/find-slots.ts'
import { recordConsent } from './tools/record-consent.ts'
import { takeMessage } from './tools/take-message.ts'
import { transferCall } from './tools/transfer-call.ts'

const task = `# Your task
You book appointments at ${practice.name}. You are already in conversation with the caller:
do not greet, do not introduce yourself, do not ask again what was said. Carry on from there.
- Ask what the visit is for and when it would suit, then look for free times. Offer two, not more.
- Before you book, read the name, day and time back and wait for a yes.
- To move or cancel an appointment, take a message: you cannot see the old one.
- For anything else hand off to the Triage Agent.`

export const appointments = new RealtimeAgent<CallContext>({
  name: 'Appointments',
  handoffDescription: 'Finds a free time at the dentist and books it.',
  instructions: ({ context }) => `${task}\n\n${sharedInstructions(context.call)}`,
  tools: [findSlots(diary), bookSlot(diary), takeMessage(messageBook), transferCall, endCall, recordConsent]
})
