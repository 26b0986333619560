import { ModelBehaviorError } from '@openai/agents/realtime'
import type { CallRunContext } from '../context.ts'

/** Spread this into every tool: a tool that throws or times out answers with a sentence that the agent can act on. */
export const failure = {
  timeoutMs: 8_000,
  errorFunction(context: CallRunContext, error: unknown, details?: ToolDetails): string {
    report(context, error, details)
    return error instanceof ModelBehaviorError
      ? 'The values did not fit this tool. Check them against its description, ask the caller for what is missing, and call it again.'
      : 'This could not be done: something went wrong on our side. Apologise briefly and offer to take a message or to put the caller through.'
  },
  timeoutErrorFunction(context: CallRunContext, error: unknown, details?: ToolDetails): string {
    report(context, error, details)
    return 'This took too long, and it is not known whether it was done. Say so, do not try again, and offer that somebody calls back.'
  }
}

/** Its message quotes nothing that a caller said, and stands in the log; any other error's stays out of it. */
export class SafeError extends Error {
  override name = 'SafeError' as const
  readonly isSafe = true
}

interface ToolDetails {
  readonly toolCall?: { readonly name: string }
}

/** Logs the error. The agent learns only that the tool failed. */
function report({ context }: CallRunContext, error: unknown, details?: ToolDetails): void {
  context.call.toolFailed(details?.toolCall?.name, error)
}

/** Wrap a tool in this, and what it is given and what it answers is not kept with the call. */
export function unrecorded<Tool extends object>(tool: Tool): Tool {
  return Object.assign(tool, { isUnrecorded: true })
}
