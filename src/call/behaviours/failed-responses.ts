import * as cues from '../../agent/cues.ts'
import { ModelError } from '../../model/errors.ts'
import type { FinishedResponse } from '../../model/events.ts'
import type { Behaviour } from './behaviour.ts'

const RETRY_MS = [400, 1_500]

/**
 * An answer that the model could not give is asked for again, or explained; then another model is tried, and when none has
 * given one for as long as a caller is asked to wait for a model, the call ends with an apology.
 */
export const failedResponses: Behaviour = (call) => {
  let failures = 0
  let failingSince = 0
  let stop = () => {}

  const retry = (instructions: string | undefined, code?: string) => {
    const now = performance.now()
    if (failures === 0) failingSince = now
    if (now - failingSince > call.config.call.modelReconnectMs) return call.end('model_refused')
    const retryMs = RETRY_MS[failures % (RETRY_MS.length + 1)]
    failures += 1
    if (retryMs === undefined) return call.dropModel(new ModelError('refused', code))
    stop = call.after(retryMs, () => call.askToSpeak(instructions))
  }

  call.facts.on('responseFinished', (response) => {
    stop()
    const { status, status_details: details } = response
    if (status === 'completed') failures = 0
    if (status === 'incomplete') return retry(isWithheld(response) ? cues.explainWithheld : cues.finishBriefly)
    if (status !== 'failed') return
    const code = codeOf(details?.error)
    call.log.warn({ code }, 'the model could not answer')
    if (code === 'insufficient_quota') return call.dropModel(new ModelError('rejected', code))
    retry(call.activity.owed?.instructions, code)
  })
  // Whoever speaks meanwhile is answered, and a model that is reached anew is asked for what is owed.
  call.facts.on('responseStarted', () => stop())
  call.facts.on('callerSpeaking', () => stop())
  call.facts.on('modelLost', () => stop())
}

function isWithheld({ status_details }: FinishedResponse): boolean {
  return status_details?.reason === 'content_filter'
}

function codeOf(error: unknown): string | undefined {
  const { code, type } = (error ?? {}) as { code?: unknown; type?: unknown }
  return [code, type].find((name) => typeof name === 'string')
}
