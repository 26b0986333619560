import * as cues from '../../agent/cues.ts'
import { endWhenHeard } from '../end-when-heard.ts'
import type { Behaviour } from './behaviour.ts'

/**
 * The agent's `end_call`: the call ends when the goodbye has been played. If the caller speaks during the goodbye, the
 * call goes on.
 */
export const hangUp: Behaviour = (call) => {
  call.journal.on('end_asked', () => {
    // The goodbye is part of the answer that called the tool. If that answer has no words, the agent is asked for a
    // goodbye.
    const goodbye = call.activity.hasWords ? {} : { say: cues.sayGoodbye }
    endWhenHeard(call, 'agent_hung_up', { ...goodbye, cancelOnSpeech: true })
  })
}
