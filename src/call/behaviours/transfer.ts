import * as cues from '../../agent/cues.ts'
import { endWhenHeard } from '../end-when-heard.ts'
import type { Behaviour } from './behaviour.ts'

/** The agent's `transfer_call`: the caller is put through when the announcement has been played. */
export const transfer: Behaviour = (call) => {
  call.journal.on('transfer_asked', ({ target, summary }) => {
    call.transfer = { target, summary }
    const announcement = call.activity.hasWords ? {} : { say: cues.announceTransfer(target) }
    endWhenHeard(call, 'transferred', { ...announcement, cancelOnSpeech: false })
  })
}
