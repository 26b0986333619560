import type { Behaviour } from './behaviour.ts'

/** The agent's `transfer_call`: the caller is put through once they have heard the announcement. */
export const transfer: Behaviour = (call) => {
  call.facts.on('transferAsked', (target, summary) => {
    call.transfer = { target, summary }
    const say = `Tell the caller in one short sentence that you are putting them through to ${target}.`
    const announcement = call.activity.hasWords ? {} : { say }
    call.endWhenHeard('transferred', { ...announcement, cancelOnSpeech: false })
  })
}
