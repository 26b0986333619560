import type { Call } from './call.ts'
import { callerHash, callerOf, ownNumber } from './caller-hash.ts'
import { faultOf } from './end-reason.ts'
import type { ToolFailure } from './events.ts'
import type { CallRecord } from './record.ts'

/**
 * Logs a call as a reader of its journal. Messages are constants; what callers are or say stands only in redacted
 * fields.
 */
export function logCall(call: Call): void {
  call.journal.follow(({ event }) => {
    const { log } = call
    switch (event.type) {
      case 'model_lost':
        if (!event.isRenewal) log.warn({ trouble: event.trouble, code: event.code }, 'the model was lost')
        return
      case 'tool_finished': {
        const { name: tool, ms, failed } = event
        if (failed) logFailure(call, tool, failed)
        return log.info({ tool, ms }, 'tool ran')
      }
      case 'handoff':
        return log.info({ from: event.from, to: event.to }, 'handoff')
      case 'guardrail':
        return log.warn({ agent: event.agent, guardrail: event.name }, 'a guardrail stopped an answer')
      case 'answer_finished':
        if (event.status === 'failed') log.warn({ code: event.code }, 'the model could not answer')
        return
      case 'notice':
        return log.warn(event.fields, event.what)
    }
  })
  void call.ended.then((record) => logEnd(call, record))
}

/** Under `err` pino-pretty shows a stack over several lines. */
function logFailure({ log }: Call, tool: string, { stack, ...failed }: ToolFailure): void {
  log.error({ tool, ...failed, ...(stack === undefined ? {} : { err: { stack } }) }, 'a tool failed')
}

/** The line's `callSid` and `streamSid` are those that the call's log has already. */
function logEnd(call: Call, record: CallRecord): void {
  const { callSid: _, streamSid: __, from: ___, to: ____, direction: _____, parameters: ______, ...summary } = record
  const { context, config } = call
  const who = { callerNumber: callerOf(context), callerHash: callerHash(context, config.twilio.authToken) }
  const words = config.log.transcripts ? { said: call.transcript.turns } : {}
  call.log.info(
    { ...summary, fault: faultOf(summary.endReason), ...who, ...ownNumber(context), ...words },
    'call ended'
  )
}
