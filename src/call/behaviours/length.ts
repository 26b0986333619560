import * as cues from '../../agent/cues.ts'
import { endWhenHeard } from '../end-when-heard.ts'
import type { Behaviour } from './behaviour.ts'

/** How long before the end the agent is told: a minute, or a fifth of a short limit. */
const NOTICE_MS = 60_000

/** No call is longer than its limit: a word to the agent before, a goodbye at the end. */
export const length: Behaviour = (call) => {
  const { maxCallMs } = call.config.call
  call.journal.once('live', () => {
    call.after(maxCallMs - Math.min(NOTICE_MS, maxCallMs / 5), () => call.tellAgent(cues.wrapUp))
    call.after(maxCallMs, () => endWhenHeard(call, 'too_long', { say: cues.timeIsUp, cancelOnSpeech: false }))
  })
}
