import { channel } from 'node:diagnostics_channel'
import { ModelBehaviorError } from '@openai/agents/realtime'
import type { CallRunContext } from '../context.ts'

export interface ToolFailure {
  readonly tool: string | undefined
  readonly callSid: string
  /** May quote what the caller said: not for a log line as it is. */
  readonly error: unknown
}

/** What went wrong, for whoever keeps the log. The model is told only that it did. */
export const toolFailures = channel('agent.tool-failure')

/** Spread this into every tool: one that throws or hangs answers in a sentence that the agent can act on. */
export const failure = {
  timeoutMs: 8_000,
  errorFunction(context: CallRunContext, error: unknown, details?: ToolDetails): string {
    publish(context, error, details)
    return error instanceof ModelBehaviorError
      ? 'The values did not fit this tool. Check them against its description, ask the caller for what is missing, and call it again.'
      : 'This could not be done: something went wrong on our side. Apologise briefly and offer to take a message or to put the caller through.'
  },
  timeoutErrorFunction(context: CallRunContext, error: unknown, details?: ToolDetails): string {
    publish(context, error, details)
    return 'This took too long, and it is not known whether it was done. Say so, do not try again, and offer that somebody calls back.'
  }
}

interface ToolDetails {
  readonly toolCall?: { readonly name: string }
}

function publish({ context }: CallRunContext, error: unknown, details?: ToolDetails): void {
  toolFailures.publish({ tool: details?.toolCall?.name, callSid: context.call.callSid, error } satisfies ToolFailure)
}
