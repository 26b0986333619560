import { ModelBehaviorError } from '@openai/agents/realtime'
import * as cues from '../../agent/cues.ts'
import { describeSessionError, isBenign, withoutQuote } from '../errors.ts'
import type { Keeper } from './keeper.ts'

/** Logs the errors that the SDK reports, and requests an answer where the SDK would leave the caller in silence. */
export const sessionErrors: Keeper = (leg, call) => {
  // Without a listener every error of the model's would be uncaught. (Node, EventEmitter: 'error')
  leg.session.on('error', (event) => {
    const { code, message } = describeSessionError(event)
    if (isBenign({ code, message })) call.log.debug({ code }, 'the model had nothing left to cancel or cut')
    else call.log.error({ code, err: errorOf(event) }, 'session error')
    if (isDroppedToolCall(event)) {
      call.tellAgent(cues.unreadableToolCall)
      call.askToSpeak()
    }
    if (isRefusedRequest(event)) call.activity.refused()
  })
}

/** A refused request of the SDK's, which has an event id. A repeated request of this server's has none. */
function isRefusedRequest(event: { error: unknown }): boolean {
  const { error } = (event.error ?? {}) as { error?: { code?: unknown; event_id?: unknown } }
  return error?.code === 'conversation_already_has_active_response' && typeof error.event_id === 'string'
}

/**
 * A tool call with invalid JSON or of an unknown tool. The SDK does not answer these, and the model would wait for
 * ever.
 */
function isDroppedToolCall(event: { error: unknown }): boolean {
  return event.error instanceof SyntaxError || event.error instanceof ModelBehaviorError
}

/** The error without an API error's message, which may quote the conversation. Its code is logged beside it. */
function errorOf(event: { error: unknown }): unknown {
  return event.error instanceof Error ? withoutQuote(event.error) : undefined
}
