import * as cues from '../../agent/cues.ts'
import type { Behaviour } from './behaviour.ts'

/** The agent speaks first, once, as soon as the model is up. A caller who comes back is not greeted again. */
export const greeting: Behaviour = (call) => {
  call.journal.once('live', ({ greets }) => {
    const { greeting: opening } = call.config.call
    if (greets) return call.activity.owe(opening)
    // After a failed transfer, the agent's instructions say why the caller is back.
    if (call.context.isReturning)
      call.askToSpeak(call.context.returnedFrom === undefined ? cues.welcomeBack : undefined)
    else if (opening !== '') call.askToSpeak(opening)
  })
}
