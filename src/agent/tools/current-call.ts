import type { Call, CallRunContext } from '../context.ts'

/**
 * The call in which a tool runs. The SDK types the context as optional; in a session it is always set.
 * @throws Error when there is no context
 */
export function currentCall(context: CallRunContext | undefined): Call {
  if (context === undefined) throw new Error('This tool runs only inside a call.')
  return context.context.call
}
