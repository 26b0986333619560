import type { Behaviour } from './behaviour.ts'

const ASK = 'The caller has not said anything for a while. Ask in one short sentence whether they are still there.'
const GIVE_UP = 'The caller does not answer. Say in one short sentence that you are ending the call, and goodbye.'

/** Nobody speaks: the agent asks once whether the caller is there, and the next time says goodbye. */
export const silence: Behaviour = (call) => {
  let hasAsked = false
  /** What they are asked is on its way. */
  let isAsking = false
  let stop = () => {}

  call.facts.on('quiet', () => {
    stop()
    stop = call.after(call.config.call.silenceTimeoutMs, () => {
      isAsking = true
      if (hasAsked) return call.endWhenHeard('caller_silent', { say: GIVE_UP, cancelOnSpeech: true })
      hasAsked = true
      call.askToSpeak(ASK)
    })
  })
  // They spoke up in that moment: the question must not go over their words, and keep them from being answered.
  call.facts.on('responseStarted', () => {
    // Once the SDK knows what there is to stop.
    if (isAsking && call.activity.hasCallerTheFloor) setImmediate(() => call.interrupt())
  })
  call.facts.on('responseFinished', () => {
    isAsking = false
  })
  // `quiet` counts from the end of playback, so whatever is said or pressed meanwhile begins the count anew.
  call.facts.on('busy', () => stop())
  const answered = () => {
    hasAsked = false
  }
  call.facts.on('callerSpeaking', answered)
  call.facts.on('keyPressed', () => {
    answered()
    stop()
  })
}
