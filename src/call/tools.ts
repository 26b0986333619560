import type { RealtimeAgent } from '@openai/agents/realtime'
import type { CallContext } from '../agent/context.ts'
import { CallerContext } from './caller-context.ts'

type Agent = RealtimeAgent<CallContext>
type FunctionTool = Extract<Agent['tools'][number], { type: 'function' }>

/** The tools that are wrapped already: all calls share the agents and their tools. */
const watched = new WeakSet<object>()

/**
 * Makes every tool of every agent run through its call, which keeps the outcome: the SDK forgets a tool that runs while
 * the model is lost. Handoffs are not tools: the model's leg keeps the agent they lead to.
 */
export function watchTools(agent: Agent): void {
  for (const { tools } of withSpecialists(agent)) {
    for (const tool of tools) if (tool.type === 'function' && !watched.has(tool)) watch(tool)
  }
}

function watch(tool: FunctionTool): void {
  const { invoke } = tool
  watched.add(tool)
  tool.invoke = (runContext, input, details) => {
    const { call } = runContext.context as CallContext
    const run = () => invoke(runContext, input, details)
    const isRecorded = !('isUnrecorded' in tool)
    return call instanceof CallerContext ? call.runTool(tool.name, run, isRecorded ? input : undefined) : run()
  }
}

/** An agent and all those that it can hand the call to. */
export function withSpecialists(agent: Agent, found = new Set<Agent>()): Set<Agent> {
  if (found.has(agent)) return found
  found.add(agent)
  for (const handoff of agent.handoffs) {
    withSpecialists(('agent' in handoff ? handoff.agent : handoff) as Agent, found)
  }
  return found
}
