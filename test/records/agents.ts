import { RealtimeAgent } from '@openai/agents/realtime'
import type { CallContext } from '../../src/agent/context.ts'

/** An agent with these tools and nothing else, as the server's. */
export function agentWith(...tools: RealtimeAgent<CallContext>['tools']) {
  const agent = new RealtimeAgent<CallContext>({ name: 'Tester', instructions: 'Test.', tools })
  return { agentFor: () => agent }
}
