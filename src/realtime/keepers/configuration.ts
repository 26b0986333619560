import { ModelError } from '../../call/model-leg.ts'
import { foreignFormat } from '../session.ts'
import type { Keeper } from './keeper.ts'

// With the limits in answers.ts, this leaves time for a second session within the default MODEL_RECONNECT_MS of 8 s.
/** The limit from the sent configuration to `session.updated`; the same again after a repeated request. */
const CONFIGURED_MS = 2_000

/**
 * The session must confirm its configuration with the telephone's audio format. Any other format is noise on the line.
 */
export const configuration: Keeper = (leg, call) => {
  let stop = () => {}
  const giveUp = () => leg.giveUp(new ModelError('mute', 'no session.updated'))
  const askAgain = () => {
    call.log.warn('the model has not confirmed the session: asking once more')
    leg.sendPastQueue({ type: 'session.update', session: { type: 'realtime' } })
    stop = call.after(CONFIGURED_MS, giveUp)
  }
  const expect = () => {
    stop()
    stop = call.after(CONFIGURED_MS, askAgain)
  }
  call.journal.on('live', expect)
  call.journal.on('model_back', expect)
  call.journal.on('model_lost', () => stop())
  leg.transport.onModel('session.updated', ({ session }) => {
    stop()
    const format = foreignFormat(session)
    if (format !== undefined) leg.giveUp(new ModelError('wrong format', format))
  })
}
