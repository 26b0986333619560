import type { Behaviour } from './behaviour.ts'

const GOODBYE = 'Say goodbye to the caller in one short sentence.'

/** The agent's `end_call`: the line closes after the last word was played. The caller speaking over it keeps it open. */
export const hangUp: Behaviour = (call) => {
  call.facts.on('endAsked', () => {
    // The goodbye is part of the answer that called the tool; a model that forgot it is asked for it.
    const goodbye = call.activity.hasWords ? {} : { say: GOODBYE }
    call.endWhenHeard('agent_hung_up', { ...goodbye, cancelOnSpeech: true })
  })
}
