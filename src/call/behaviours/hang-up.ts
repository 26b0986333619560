import * as cues from '../../agent/cues.ts'
import { endWhenHeard } from '../end-when-heard.ts'
import type { Behaviour } from './behaviour.ts'

/** The agent's `end_call`: the line closes after the last word was played. The caller speaking over it keeps it open. */
export const hangUp: Behaviour = (call) => {
  call.journal.on('end_asked', () => {
    // The goodbye is part of the answer that called the tool; a model that forgot it is asked for it.
    const goodbye = call.activity.hasWords ? {} : { say: cues.sayGoodbye }
    endWhenHeard(call, 'agent_hung_up', { ...goodbye, cancelOnSpeech: true })
  })
}
