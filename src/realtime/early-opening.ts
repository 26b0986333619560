import type { AgentFor } from '../agent/context.ts'
import type { AgentStore } from '../agent/store.ts'
import type { Admission } from '../call/admission.ts'
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
  store: AgentStore
): Promise<Opening> | undefined {
  const { greeting, earlyGreeting, transferTargets } = config.call
  // A caller who comes back is not greeted, and the session must first get their conversation.
  if (!earlyGreeting || caller.memory.length > 0 || caller.returnedFrom !== undefined) return undefined
  const call = CallerContext.before(caller, transferTargets, store)
  return prepareOpening(agentFor(call), settings, { call }, greeting)
}
