import { ModelError } from '../../call/model-leg.ts'
import type { Keeper } from './keeper.ts'

/** The limit from the end of a turn, or a request, to `response.created`; the same again after a repeated request. */
const ANSWER_MS = 2_000

/** When an owed answer does not begin, the request is repeated once; then the leg reconnects. */
export const answers: Keeper = (leg, call) => {
  const { activity, journal } = call
  let stop = () => {}
  // If the caller speaks again or a tool runs, another request follows, which is watched then.
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
  // An answer that was requested while another ran, or that was lost with a session, is due now.
  journal.on('answer_finished', expect)
  journal.on('model_back', expect)
  journal.on('answer_started', () => stop())
  journal.on('model_lost', () => stop())
}
