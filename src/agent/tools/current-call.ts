import type { CallContext, CallRunContext } from '../context.ts'

/** The call a tool runs in. The SDK types the context as optional; in a session it is always there. */
export function currentCall(context: CallRunContext | undefined): CallContext['call'] {
  if (context === undefined) throw new Error('This tool runs only inside a call.')
  return context.context.call
}
