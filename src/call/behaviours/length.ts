import * as cues from '../../agent/cues.ts'
import { endWhenHeard } from '../end-when-heard.ts'
import type { Behaviour } from './behaviour.ts'

/** The agent is told this long before the limit; a fifth of the limit before it when that is shorter. */
const NOTICE_MS = 60_000

/** Ends a call at MAX_CALL_MS: the agent gets a note before the limit and says goodbye at the limit. */
export const length: Behaviour = (call) => {
  const { maxCallMs } = call.config.call
  call.journal.once('live', () => {
    call.after(maxCallMs - Math.min(NOTICE_MS, maxCallMs / 5), () => call.tellAgent(cues.wrapUp))
    call.after(maxCallMs, () => endWhenHeard(call, 'too_long', { say: cues.timeIsUp, cancelOnSpeech: false }))
  })
}
