import { ModelError } from '../../call/model-leg.ts'
import type { Keeper } from './keeper.ts'

/** From the end of a turn, or a request, to `response.created`, and once more after a repeated request. */
const ANSWER_MS = 2_000

/** An answer that is owed and does not begin is asked for once more; then the model is reached anew. */
export const answers: Keeper = (leg, call) => {
  const { activity, journal } = call
  let stop = () => {}
  // The caller speaking again, or a tool, brings a request of its own, which is watched then.
  const isWaiting = () => leg.isUp && !activity.isResponding && !activity.isCallerSpeaking
  const giveUp = () => {
    if (isWaiting()) leg.giveUp(new ModelError('mute', 'no response'))
  }
  const insist = () => {
    if (!isWaiting()) return
    call.log.warn('no answer has begun: asking once more')
    leg.insist()
    stop = call.after(ANSWER_MS, giveUp)
  }
  const expect = () => {
    stop()
    if (activity.owed) stop = call.after(ANSWER_MS, insist)
  }
  journal.on('answer_owed', expect)
  // An answer that was asked for while another ran, and one that a lost model took with it, are due now.
  journal.on('answer_finished', expect)
  journal.on('model_back', expect)
  journal.on('answer_started', () => stop())
  journal.on('model_lost', () => stop())
}
