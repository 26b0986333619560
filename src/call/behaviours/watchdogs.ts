import * as cues from '../../agent/cues.ts'
import { ModelError } from '../../model/errors.ts'
import type { Behaviour } from './behaviour.ts'

// Together they leave time for a second model within the eight seconds that a caller waits by default.
/** From the configuration on the wire to `session.updated`, and once more after a repeated request. */
const CONFIGURED_MS = 2_000
/** From the end of a turn, or a request, to `response.created`, and once more after a repeated request. */
const ANSWER_MS = 2_000
/** Between two events of an answer that has begun. */
const STALL_MS = 4_000
/** For an answer that is told to end because it stalled. */
const CANCEL_MS = 1_000

/** A model that is there and says nothing: it is nudged first, and then reached anew. */
export const watchdogs: Behaviour = (call) => {
  watchConfiguration(call)
  watchAnswers(call)
  watchStalls(call)
}

const watchConfiguration: Behaviour = (call) => {
  let stop = () => {}
  const giveUp = () => call.dropModel(new ModelError('mute', 'no session.updated'))
  const nudge = () => {
    call.log.warn('the model has not confirmed the session: asking once more')
    call.nudge('session.update')
    stop = call.after(CONFIGURED_MS, giveUp)
  }
  const expect = () => {
    stop()
    stop = call.after(CONFIGURED_MS, nudge)
  }
  call.facts.on('live', expect)
  call.facts.on('modelBack', expect)
  call.facts.on('modelLost', () => stop())
  call.transport.onModel('session.updated', () => stop())
}

const watchAnswers: Behaviour = (call) => {
  let stop = () => {}
  // The caller speaking again, or a tool, brings a request of its own, which is watched then.
  const isWaiting = () => call.isModelUp && !call.activity.isResponding && !call.activity.isCallerSpeaking
  const giveUp = () => {
    if (isWaiting()) call.dropModel(new ModelError('mute', 'no response'))
  }
  const nudge = () => {
    if (!isWaiting()) return
    call.log.warn('no answer has begun: asking once more')
    call.nudgeAnswer()
    stop = call.after(ANSWER_MS, giveUp)
  }
  const expect = () => {
    stop()
    if (call.activity.owed) stop = call.after(ANSWER_MS, nudge)
  }
  call.facts.on('answerOwed', expect)
  // An answer that was asked for while another ran, and one that a lost model took with it, are due now.
  call.facts.on('responseFinished', expect)
  call.facts.on('modelBack', expect)
  call.facts.on('responseStarted', () => stop())
  call.facts.on('modelLost', () => stop())
}

const watchStalls: Behaviour = (call) => {
  let stop = () => {}
  let isNudged = false
  /** Answers in a row that were not finished, whichever model began them. */
  let stalls = 0
  const giveUp = () => call.dropModel(new ModelError('mute', 'response stalled'))
  const check = () => {
    const quietMs = performance.now() - call.transport.lastEventAt
    if (quietMs < STALL_MS) {
      stop = call.after(STALL_MS - quietMs, check)
      return
    }
    stalls += 1
    // A model that stops in the middle of one answer after the other would keep a caller for ever.
    if (stalls > 1) return giveUp()
    call.log.warn('an answer has stalled: telling the model to end it')
    isNudged = true
    const { activity } = call
    // Still owed when it has ended: what was said of it is gone on with, and what has no words yet is asked for again.
    activity.owe(activity.hasWords ? cues.goOnAfterStall : activity.owed?.instructions)
    call.nudge('response.cancel')
    stop = call.after(CANCEL_MS, giveUp)
  }
  call.facts.on('responseStarted', () => {
    stop()
    isNudged = false
    stop = call.after(STALL_MS, check)
  })
  call.facts.on('responseFinished', () => {
    stop()
    if (isNudged) call.askToSpeak(call.activity.owed?.instructions)
    else stalls = 0
    isNudged = false
  })
  call.facts.on('modelLost', () => {
    stop()
    isNudged = false
  })
}
