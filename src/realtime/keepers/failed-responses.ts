import * as cues from '../../agent/cues.ts'
import { ModelError } from '../../call/model-leg.ts'
import type { Keeper } from './keeper.ts'

/** Between the attempts on one model; after the last one it is another model's turn. */
const RETRIES_MS = [400, 1_500]

/**
 * An answer that the model could not give is asked for again, or explained; then another model is tried, and when none has
 * given one for as long as a caller is asked to wait for a model, the call ends with an apology.
 */
export const failedResponses: Keeper = (leg, call) => {
  const { activity, journal } = call
  let failures = 0
  let failingSince = 0
  let stop = () => {}

  const tryAgain = (instructions: string | undefined, code?: string) => {
    const now = performance.now()
    if (failures === 0) failingSince = now
    if (now - failingSince > leg.budgetMs) return leg.fail(new ModelError('refused', code))
    const step = failures % (RETRIES_MS.length + 1)
    failures += 1
    const waitMs = RETRIES_MS[step]
    if (waitMs === undefined) leg.giveUp(new ModelError('refused', code))
    else stop = call.after(waitMs, () => call.askToSpeak(instructions))
  }

  journal.on('answer_finished', ({ status, reason, code }) => {
    stop()
    switch (status) {
      case 'completed':
        failures = 0
        return
      case 'incomplete':
        return tryAgain(reason === 'content_filter' ? cues.explainWithheld : cues.finishBriefly)
      case 'failed':
        // Asking again costs time and brings nothing until somebody pays.
        if (code === 'insufficient_quota') return leg.giveUp(new ModelError('rejected', code))
        return tryAgain(activity.owed?.instructions, code)
    }
  })
  // A caller who speaks meanwhile is answered, and a model that is reached anew is asked for what is owed.
  journal.on('answer_started', () => stop())
  journal.on('caller_speaking', () => stop())
  journal.on('model_lost', () => stop())
}
