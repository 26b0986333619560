import { RealtimeAgent } from '@openai/agents/realtime'
import type { AgentFor, CallContext } from '../../../src/agent/context.ts'
import { pizzeria } from './pizzeria.ts'
import { hangUp } from './tools/hang-up.ts'
import { menu } from './tools/menu.ts'
import { openingTimes } from './tools/opening-times.ts'
import { orderPizza } from './tools/order-pizza.ts'
import { putThrough } from './tools/put-through.ts'
import { vouchers } from './vouchers.ts'

const task = `You answer the phone at ${pizzeria.name}, ${pizzeria.address}.
- Take orders and answer questions about the menu.
- Delivery is free from 20 euros, else it costs 3 euros.
- Every pizza can be made with gluten-free dough.
- A table for more than eight guests: say that the cook calls back.
When the guest has all they need, say goodbye and hang up.`

/**
 * What somebody has made of the example: another business with tools of its own, the agent of all tests outside
 * `test/agent/`. Of `src/agent/` it has only the context. It exports what `src/agent/agent.ts` does.
 */
const host = new RealtimeAgent<CallContext>({
  name: 'Host',
  handoffDescription: 'Orders, the menu and everything else.',
  instructions: ({ context }) => `${task}\n${guest(context.call)}`,
  tools: [menu, openingTimes, orderPizza, putThrough, hangUp],
  handoffs: [vouchers]
})
vouchers.handoffs = [host]

export const agentFor: AgentFor = () => host

function guest({ from = 'a withheld number', transferTargets, returnedFrom }: CallContext['call']): string {
  return `The guest calls from ${from}. ${people(transferTargets, returnedFrom)}`
}

function people(targets: readonly string[], returnedFrom: string | undefined): string {
  if (returnedFrom !== undefined) return `The guest is back: nobody answered (${returnedFrom}). Do not greet again.`
  return targets.length === 0 ? 'Nobody can come to the phone.' : `At the phone: ${targets.join(', ')}.`
}
