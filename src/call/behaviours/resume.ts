import type { Behaviour } from './behaviour.ts'

const GO_ON =
  'You were interrupted by a fault on the line while you were speaking. Go on exactly where your last words in the conversation end. Do not repeat anything, do not greet, do not mention the fault.'

/** The model is back: an answer that was cut short is taken up again, one that was owed is given, nothing is said twice. */
export const resume: Behaviour = (call) => {
  call.facts.on('modelBack', () => {
    // Words that were not understood are about to be heard again, and bring their own answer; so does a tool that runs.
    if (call.hasUnheardWords || call.activity.isToolRunning) return
    const { owed, isCutShort } = call.activity
    if (isCutShort) call.askToSpeak(GO_ON)
    else if (owed) call.askToSpeak(owed.instructions)
  })
}
