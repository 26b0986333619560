import * as cues from '../../agent/cues.ts'
import { ModelError } from '../../call/model-leg.ts'
import type { Keeper } from './keeper.ts'

/** Between two events of an answer that has begun. */
const STALL_MS = 4_000
/** For an answer that is told to end because it stalled. */
const CANCEL_MS = 1_000

/** An answer that stops in the middle is told to end and asked for again; then the model is reached anew. */
export const stalls: Keeper = (leg, call) => {
  const { activity, journal } = call
  let stop = () => {}
  let isToldToEnd = false
  /** Answers in a row that were not finished, whichever model began them. */
  let stalled = 0
  const giveUp = () => leg.giveUp(new ModelError('mute', 'response stalled'))
  const check = () => {
    const now = performance.now()
    // Events without sound, one after the other, keep a caller waiting as well as none do.
    const quietLeftMs = leg.transport.lastAnswerAt + STALL_MS - now
    const waitLeftMs = (activity.waitingSince ?? now) + leg.budgetMs - now
    const leftMs = Math.min(quietLeftMs, waitLeftMs)
    if (leftMs > 0) {
      stop = call.after(leftMs, check)
      return
    }
    stalled += 1
    // A model that stops in the middle of one answer after the other would keep a caller for ever.
    if (stalled > 1) return giveUp()
    call.log.warn('an answer has stalled: telling the model to end it')
    isToldToEnd = true
    // Still owed when it has ended: what was said of it is gone on with, and what has no words yet is asked for again.
    activity.owe(activity.hasWords ? cues.goOnAfterStall : activity.owed?.instructions)
    leg.sendPastQueue({ type: 'response.cancel' })
    stop = call.after(CANCEL_MS, giveUp)
  }
  journal.on('answer_started', () => {
    stop()
    isToldToEnd = false
    stop = call.after(STALL_MS, check)
  })
  journal.on('answer_finished', () => {
    stop()
    if (isToldToEnd) call.askToSpeak(activity.owed?.instructions)
    else stalled = 0
    isToldToEnd = false
  })
  journal.on('model_lost', () => {
    stop()
    isToldToEnd = false
  })
}
