import type { AgentFor } from '../agent/context.ts'
import type { Admission } from '../call/admission.ts'
import type { CallParts } from '../call/call.ts'
import { CallerContext } from '../call/caller-context.ts'
import type { Config } from '../config.ts'
import { type Opening, prepareOpening } from './opening.ts'
import type { SessionSettings } from './session.ts'

/** The opening of a session before its caller's stream is there; undefined leaves the opening to the call. */
export function earlyOpening(
  caller: Admission,
  agentFor: AgentFor,
  settings: SessionSettings,
  config: Config,
  { recall, ...side }: Pick<CallParts, 'store' | 'now' | 'recall'>
): Promise<Opening> | undefined {
  const { greeting, earlyGreeting } = config.call
  // A caller who comes back is not greeted, and the session must first get their conversation.
  if (!earlyGreeting || caller.memory.length > 0 || caller.returnedFrom !== undefined) return undefined
  const call = CallerContext.before(caller, config.call, side)
  // Chosen at once: what it throws fails the webhook, which gives the line back.
  const agent = agentFor(call)
  const prepare = () => prepareOpening(agent, settings, { call }, greeting)
  if (!recall) return prepare()
  return recall(caller.claims).then((earlier) => {
    call.earlier = earlier
    return prepare()
  })
}
