import * as cues from '../agent/cues.ts'
import type { Memory } from './admission.ts'
import type { Transcript } from './transcript.ts'

/**
 * The conversation for a session that takes over: the turns as they were heard, and the tools that still run.
 * @param running names of the tools that have not answered yet
 * @param hearsAgain that session gets the caller's last words as sound
 */
export function conversationFor(
  transcript: Transcript,
  running: readonly string[],
  hearsAgain: boolean
): readonly Memory[] {
  // The turn without words is left out, because the session gets it as sound.
  if (hearsAgain) transcript.forgetUnknownWords()
  const pending = running.map((name, index): Memory => {
    return { id: `running_${index}`, who: 'note', text: cues.toolRunning(name) }
  })
  return [...transcript.memory, ...pending]
}
