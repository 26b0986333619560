import * as cues from '../../agent/cues.ts'
import type { Behaviour } from './behaviour.ts'

/** The agent's `transfer_call`: the caller is put through once they have heard the announcement. */
export const transfer: Behaviour = (call) => {
  call.facts.on('transferAsked', (target, summary) => {
    call.transfer = { target, summary }
    const announcement = call.activity.hasWords ? {} : { say: cues.announceTransfer(target) }
    call.endWhenHeard('transferred', { ...announcement, cancelOnSpeech: false })
  })
}
