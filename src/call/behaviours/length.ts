import type { Behaviour } from './behaviour.ts'

/** How long before the end the agent is told: a minute, or a fifth of a short limit. */
const NOTICE_MS = 60_000
const WRAP_UP = 'The call must end soon. Bring it to a close: answer what is open, and offer what can be done after it.'
const GOODBYE = 'The call has reached its time limit. Say so in one short sentence, and goodbye.'

/** No call is longer than its limit: a word to the agent before, a goodbye at the end. */
export const length: Behaviour = (call) => {
  const { maxCallMs } = call.config.call
  call.facts.once('live', () => {
    call.after(maxCallMs - Math.min(NOTICE_MS, maxCallMs / 5), () => call.tellAgent(WRAP_UP))
    call.after(maxCallMs, () => call.endWhenHeard('too_long', { say: GOODBYE, cancelOnSpeech: false }))
  })
}
