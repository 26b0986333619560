import * as cues from '../../agent/cues.ts'
import type { Behaviour } from './behaviour.ts'

/** The agent's `end_call`: the line closes after the last word was played. The caller speaking over it keeps it open. */
export const hangUp: Behaviour = (call) => {
  call.facts.on('endAsked', () => {
    // The goodbye is part of the answer that called the tool; a model that forgot it is asked for it.
    const goodbye = call.activity.hasWords ? {} : { say: cues.sayGoodbye }
    call.endWhenHeard('agent_hung_up', { ...goodbye, cancelOnSpeech: true })
  })
}
