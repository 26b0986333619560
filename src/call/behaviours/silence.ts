import * as cues from '../../agent/cues.ts'
import { endWhenHeard } from '../end-when-heard.ts'
import type { Behaviour } from './behaviour.ts'

/** Nobody speaks: the agent asks once whether the caller is there, and the next time says goodbye. */
export const silence: Behaviour = (call) => {
  let hasAsked = false
  /** What they are asked is on its way. */
  let isAsking = false
  let stop = () => {}

  call.journal.on('quiet', () => {
    stop()
    stop = call.after(call.config.call.silenceTimeoutMs, () => {
      isAsking = true
      if (hasAsked) return endWhenHeard(call, 'caller_silent', { say: cues.giveUpOnSilence, cancelOnSpeech: true })
      hasAsked = true
      call.askToSpeak(cues.askIfStillThere)
    })
  })
  // They spoke up in that moment: the question must not go over their words, and keep them from being answered.
  call.journal.on('answer_started', () => {
    // Once the SDK knows what there is to stop.
    if (isAsking && call.activity.hasCallerTheFloor) setImmediate(() => call.interrupt())
  })
  call.journal.on('answer_finished', () => {
    isAsking = false
  })
  // `quiet` counts from the end of playback, so whatever is said or pressed meanwhile begins the count anew.
  call.journal.on('busy', () => stop())
  const answered = () => {
    hasAsked = false
  }
  call.journal.on('caller_speaking', answered)
  call.journal.on('key', () => {
    answered()
    stop()
  })
}
