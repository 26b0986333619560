import type { Call } from '../call/call.ts'
import { callerHash, callerOf, ownNumber } from '../call/caller-hash.ts'
import { faultOf } from '../call/end-reason.ts'
import type { CallEvent, ToolFailure } from '../call/events.ts'
import type { CallRecord } from '../call/record.ts'
import { type Stages, stagesOf } from '../call/stages.ts'
import type { KeptTurn } from '../call/turns.ts'
import { usd } from '../records/prices.ts'

/**
 * The lines of a call's tools and handoffs; further ones are debug lines. With the changes of its state a call without
 * trouble has six lines between its first and `call ended`, which has the sums.
 */
const MOST_LINES = 4

/**
 * Logs a call as a reader of its journal. Messages are constants; what callers are or say stands only in redacted
 * fields.
 */
export function logCall(call: Call): void {
  const totals = new Totals()
  let lines = 0
  const tell = (fields: object, message: string) => {
    lines += 1
    call.log[lines > MOST_LINES ? 'debug' : 'info'](fields, message)
  }
  call.record.onTurn((turn) => totals.onTurn(turn))
  call.journal.follow(({ atMs, event }) => {
    const { log } = call
    totals.note(atMs, event)
    switch (event.type) {
      case 'model_lost':
        if (!event.isRenewal) log.warn({ trouble: event.trouble, code: event.code }, 'the model was lost')
        return
      case 'tool_finished': {
        const { name: tool, ms, failed } = event
        if (failed) logFailure(call, tool, failed)
        return tell({ tool, ms }, 'tool ran')
      }
      case 'handoff':
        return tell({ from: event.from, to: event.to }, 'handoff')
      case 'guardrail':
        return log.warn({ agent: event.agent, guardrail: event.name }, 'a guardrail stopped an answer')
      case 'answer_finished':
        if (event.status === 'failed') log.warn({ code: event.code }, 'the model could not answer')
        return
      case 'notice':
        return log.warn(event.fields, event.what)
    }
  })
  void call.ended.then((record) => logEnd(call, record, totals))
}

/** What tells why a call was slow, and what it cost. */
class Totals {
  /** Of the answer for which the caller waited longest, and when its sound began. */
  slowest: (Stages & { readonly atMs: number | undefined }) | undefined
  slowestTool: { readonly tool: string; readonly ms: number } | undefined
  /** For how long the call had no model, its opening included. */
  withoutModelMs = 0
  costUsd: number | undefined
  #goneSince: number | undefined

  onTurn(turn: KeptTurn): void {
    const stages = stagesOf(turn)
    if (!stages || stages.total <= (this.slowest?.total ?? 0)) return
    this.slowest = { ...stages, atMs: turn.stations.heard }
  }

  note(atMs: number, event: CallEvent): void {
    switch (event.type) {
      case 'accepted':
      case 'model_lost':
        this.#goneSince ??= atMs
        return
      case 'live':
      case 'model_back':
      case 'ended':
        this.withoutModelMs += Math.round(atMs - (this.#goneSince ?? atMs))
        this.#goneSince = undefined
        return
      case 'tool_finished':
        if (event.ms > (this.slowestTool?.ms ?? -1)) this.slowestTool = { tool: event.name, ms: event.ms }
        return
      case 'usage': {
        const cost = usd({ ...event.usage, model: event.model })
        if (cost !== undefined) this.costUsd = (this.costUsd ?? 0) + cost
        return
      }
    }
  }
}

/** Under `err` pino-pretty shows a stack over several lines. */
function logFailure({ log }: Call, tool: string, { stack, ...failed }: ToolFailure): void {
  log.error({ tool, ...failed, ...(stack === undefined ? {} : { err: { stack } }) }, 'a tool failed')
}

/** The line's `callSid` and `streamSid` are those that the call's log has already. */
function logEnd(call: Call, record: CallRecord, totals: Totals): void {
  const { callSid: _, streamSid: __, from: ___, to: ____, direction: _____, parameters: ______, ...summary } = record
  const { slowest, slowestTool, withoutModelMs, costUsd } = totals
  const { context, config } = call
  const who = { callerNumber: callerOf(context), callerHash: callerHash(context, config.twilio.authToken) }
  const words = config.log.transcripts ? { said: call.transcript.turns } : {}
  const cost = costUsd === undefined ? undefined : Math.round(costUsd * 10_000) / 10_000
  const why = { slowest, slowestTool, withoutModelMs, costUsd: cost }
  call.log.info(
    { ...summary, ...why, fault: faultOf(summary.endReason), ...who, ...ownNumber(context), ...words },
    'call ended'
  )
}
