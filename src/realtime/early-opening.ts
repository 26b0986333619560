import type { RealtimeAgent } from '@openai/agents/realtime'
import type { CallContext } from '../agent/context.ts'
import type { Admission } from '../call/admission.ts'
import { CallerContext } from '../call/caller-context.ts'
import type { Config } from '../config.ts'
import { type Opening, prepareOpening } from './opening.ts'
import type { SessionSettings } from './session.ts'

/** What a model is told before its caller's stream is there; undefined leaves everything to the call. */
export function earlyOpening(
  caller: Admission,
  agent: RealtimeAgent<CallContext>,
  settings: SessionSettings,
  config: Config
): Promise<Opening> | undefined {
  const { greeting, earlyGreeting, transferTargets } = config.call
  // A caller who comes back is not greeted, and their conversation has to come before anything else.
  if (!earlyGreeting || caller.memory.length > 0 || caller.returnedFrom !== undefined) return undefined
  const call = CallerContext.before(caller, transferTargets)
  return prepareOpening(agent, settings, { call }, greeting)
}
