import { RealtimeAgent } from '@openai/agents/realtime'
import type { CallContext } from '../../../src/agent/context.ts'
import { pizzeria } from './pizzeria.ts'
import { hangUp } from './tools/hang-up.ts'
import { menu } from './tools/menu.ts'
import { openingTimes } from './tools/opening-times.ts'
import { orderPizza } from './tools/order-pizza.ts'

/**
 * What somebody has made of the example: another business with tools of its own. It exports what `src/agent/agent.ts`
 * does, so that tests can build a server around it.
 */
export const triageAgent = new RealtimeAgent<CallContext>({
  name: 'Host',
  instructions: `You answer the phone at ${pizzeria.name}, ${pizzeria.address}.
- Take orders and answer questions about the menu.
- Delivery is free from 20 euros, else it costs 3 euros.
- Every pizza can be made with gluten-free dough.
- A table for more than eight guests: say that the cook calls back.
When the guest has all they need, say goodbye and hang up.`,
  tools: [menu, openingTimes, orderPizza, hangUp]
})
