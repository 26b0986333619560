import * as cues from '../../agent/cues.ts'
import { ModelError } from '../../call/model-leg.ts'
import type { Keeper } from './keeper.ts'

/** The limit between two events of a running answer. */
const STALL_MS = 4_000
/** The limit for a stalled answer to end after `response.cancel`. */
const CANCEL_MS = 1_000

/** An answer that stalls is cancelled and requested again. When the next one stalls too, the leg reconnects. */
export const stalls: Keeper = (leg, call) => {
  const { activity, journal } = call
  let stop = () => {}
  let isToldToEnd = false
  /** Stalled answers in a row, over all sessions. */
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
    // A model that stalls in every answer would otherwise keep the caller for ever.
    if (stalled > 1) return giveUp()
    call.log.warn('an answer has stalled: telling the model to end it')
    isToldToEnd = true
    // The answer is owed again: it continues after its spoken words, or is requested again if it has no words yet.
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
