import * as cues from '../../agent/cues.ts'
import { endWhenHeard } from '../end-when-heard.ts'
import type { Behaviour } from './behaviour.ts'

/**
 * After SILENCE_TIMEOUT_MS of quiet the agent asks once whether the caller is there. After the same time again it says
 * goodbye.
 */
export const silence: Behaviour = (call) => {
  let hasAsked = false
  /** The question was requested and is not finished. */
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
  // The caller began to speak after the question was requested. The question is stopped: it would go over the caller's
  // words and keep them from being answered.
  call.journal.on('answer_started', () => {
    // setImmediate: by then the SDK knows the response that it has to cancel.
    if (isAsking && call.activity.hasCallerTheFloor) setImmediate(() => call.interrupt())
  })
  call.journal.on('answer_finished', () => {
    isAsking = false
  })
  // `quiet` comes at the end of playback, so everything said or pressed after it starts the count anew.
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
