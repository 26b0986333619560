import { type Opening, prepareOpening } from '../model/opening.ts'
import type { Admission, CallDependencies } from './call.ts'
import { CallerContext } from './caller-context.ts'

/** What a model is told before its caller's stream is there; undefined leaves everything to the call. */
export function earlyOpening(
  caller: Admission,
  { agent, session, config }: Pick<CallDependencies, 'agent' | 'session' | 'config'>
): Promise<Opening> | undefined {
  const { greeting, earlyGreeting, transferTargets } = config.call
  // A caller who comes back is not greeted, and their conversation has to come before anything else.
  if (!earlyGreeting || caller.memory.length > 0 || caller.returnedFrom !== undefined) return undefined
  const call = CallerContext.before(caller, transferTargets)
  return prepareOpening(agent, session, { call }, greeting)
}
