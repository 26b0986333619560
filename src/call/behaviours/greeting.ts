import * as cues from '../../agent/cues.ts'
import type { Behaviour } from './behaviour.ts'

/** The agent speaks first, once, as soon as the model is there. A caller who comes back is not greeted again. */
export const greeting: Behaviour = (call) => {
  call.journal.once('live', ({ greets }) => {
    const { greeting: opening } = call.config.call
    if (greets) return call.activity.owe(opening)
    // Why they are back is in the agent's instructions when it was a transfer.
    if (call.isReturning) call.askToSpeak(call.context.returnedFrom === undefined ? cues.welcomeBack : undefined)
    else if (opening !== '') call.askToSpeak(opening)
  })
}
