import * as cues from '../../agent/cues.ts'
import { ModelError } from '../../call/model-leg.ts'
import type { Keeper } from './keeper.ts'

/** The waits between the attempts in one session. After the last attempt the leg reconnects. */
const RETRIES_MS = [400, 1_500]

/**
 * An answer that failed is requested again, one that was withheld or cut off is explained. When retries fail too, the
 * leg reconnects. When no session has given an answer for MODEL_RECONNECT_MS, the call ends with an apology.
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
        // A retry cannot help until the account has quota again.
        if (code === 'insufficient_quota') return leg.giveUp(new ModelError('rejected', code))
        return tryAgain(activity.owed?.instructions, code)
    }
  })
  // No retry is needed any more: an answer has begun, the caller's new turn brings a request, or a new session gets the
  // owed one.
  journal.on('answer_started', () => stop())
  journal.on('caller_speaking', () => stop())
  journal.on('model_lost', () => stop())
}
