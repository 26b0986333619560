import * as cues from '../../agent/cues.ts'
import type { Behaviour } from './behaviour.ts'

/** The model is back: an answer that was cut short is taken up again, one that was owed is given, nothing is said twice. */
export const resume: Behaviour = (call) => {
  call.journal.on('model_back', ({ hearsAgain }) => {
    // Words that were not understood are about to be heard again, and bring their own answer; so does a tool that runs.
    if (hearsAgain || call.activity.isToolRunning) return
    const { owed, isCutShort } = call.activity
    if (isCutShort) call.askToSpeak(cues.goOnWithNewModel)
    else if (owed) call.askToSpeak(owed.instructions)
  })
}
