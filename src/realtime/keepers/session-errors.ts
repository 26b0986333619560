import { ModelBehaviorError } from '@openai/agents/realtime'
import * as cues from '../../agent/cues.ts'
import { describeSessionError, isBenign, withoutQuote } from '../errors.ts'
import type { Keeper } from './keeper.ts'

/** Writes down what the SDK reports, and answers for it where it would leave the caller in silence. */
export const sessionErrors: Keeper = (leg, call) => {
  // Without a listener every error of the model's would be an uncaught exception. (EventEmitter)
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

/** One of the SDK's requests, which have an id; a repeated request of ours that came too late has none. */
function isRefusedRequest(event: { error: unknown }): boolean {
  const { error } = (event.error ?? {}) as { error?: { code?: unknown; event_id?: unknown } }
  return error?.code === 'conversation_already_has_active_response' && typeof error.event_id === 'string'
}

/** Arguments that are not JSON, and tools that do not exist, get no answer from the SDK: the model would wait for ever. */
function isDroppedToolCall(event: { error: unknown }): boolean {
  return event.error instanceof SyntaxError || event.error instanceof ModelBehaviorError
}

/** An API error's message may quote the conversation; its code is logged beside it. */
function errorOf(event: { error: unknown }): unknown {
  return event.error instanceof Error ? withoutQuote(event.error) : undefined
}
