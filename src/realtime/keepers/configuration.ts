import { ModelError } from '../../call/model-leg.ts'
import { foreignFormat } from '../session.ts'
import type { Keeper } from './keeper.ts'

// With the times in answers.ts this leaves room for a second model within the eight seconds that a caller waits by default.
/** From the configuration on the wire to `session.updated`, and once more after a repeated request. */
const CONFIGURED_MS = 2_000

/** The session has to confirm its configuration, in the telephone's format: anything else is noise on the line. */
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
