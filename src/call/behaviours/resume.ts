import * as cues from '../../agent/cues.ts'
import type { Behaviour } from './behaviour.ts'

/**
 * After a reconnection, an answer that was cut short is continued and an answer that was owed is given. Nothing is said
 * twice.
 */
export const resume: Behaviour = (call) => {
  call.journal.on('model_back', ({ hearsAgain }) => {
    // The new session gets the caller's unanswered words as sound, which brings an answer of its own. So does a running
    // tool.
    if (hearsAgain || call.activity.isToolRunning) return
    const { owed, isCutShort } = call.activity
    if (isCutShort) call.askToSpeak(cues.goOnWithNewModel)
    else if (owed) call.askToSpeak(owed.instructions)
  })
}
