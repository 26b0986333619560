import * as cues from '../agent/cues.ts'
import type { Memory } from './admission.ts'
import type { Transcript } from './transcript.ts'

/**
 * What a model that takes over has to be told: the conversation as it was heard, and the tools that still run.
 * @param running names of the tools that have not answered yet
 * @param hearsAgain the caller's last words are given again as sound
 */
export function conversationFor(
  transcript: Transcript,
  running: readonly string[],
  hearsAgain: boolean
): readonly Memory[] {
  // Their empty place in the conversation is not told beside them.
  if (hearsAgain) transcript.forgetUnknownWords()
  const pending = running.map((name, index): Memory => {
    return { id: `running_${index}`, who: 'note', text: cues.toolRunning(name) }
  })
  return [...transcript.memory, ...pending]
}
