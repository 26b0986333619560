import * as cues from '../agent/cues.ts'
import type { Call } from './call.ts'
import type { EndReason } from './end-reason.ts'
import type { AnswerStatus } from './events.ts'

export interface EndWhenHeard {
  /** What the agent is asked to say first; undefined when it has begun to say it already. */
  readonly say?: string
  /** If the caller speaks or presses a key meanwhile, the call goes on. */
  readonly cancelOnSpeech: boolean
}

/** The limit beyond the audio that is left to play: an answer that never finishes must not keep a line open. */
const CAP_MS = 10_000

/** Has the agent say `say`, waits until that was played (not merely generated, and not cleared), and ends the call. */
export function endWhenHeard(call: Call, reason: EndReason, { say, cancelOnSpeech }: EndWhenHeard): void {
  const { journal, activity } = call
  const { playback } = call.caller
  // The caller began to speak at the moment of the decision.
  if (cancelOnSpeech && activity.hasCallerTheFloor) return call.tellAgent(cues.lineStaysOpen)
  // A running answer finishes before the requested one.
  let answersToCome = (activity.isResponding ? 1 : 0) + (say === undefined ? 0 : 1)
  let stopCap = () => {}

  const finish = () => {
    stop()
    call.end(reason)
  }
  const check = () => {
    if (answersToCome <= 0 && !playback.isAgentPlaying) finish()
  }
  const restartCap = () => {
    stopCap()
    stopCap = call.after(playback.aheadMs + CAP_MS, finish)
  }
  const onFinished = ({ status }: { status: AnswerStatus }) => {
    // A failed answer is requested again.
    if (status !== 'failed') answersToCome -= 1
    restartCap()
    check()
  }
  const onSilent = ({ cleared }: { cleared: boolean }) => {
    if (!cleared) check()
    else if (cancelOnSpeech) cancel()
    // The SDK is handling the interruption and has more to send to the model.
    else setImmediate(check)
  }
  const cancel = () => {
    call.log.info({ reason }, 'the caller spoke over the goodbye: the line stays open')
    stop()
    call.tellAgent(cues.lineStaysOpen)
  }
  const listening = [
    journal.on('answer_finished', onFinished),
    journal.on('agent_silent', onSilent),
    journal.on('caller_speaking', () => {
      if (cancelOnSpeech && activity.hasCallerTheFloor) cancel()
    }),
    journal.on('key', () => {
      if (cancelOnSpeech) cancel()
    })
  ]
  const stop = () => {
    stopCap()
    for (const off of listening) off()
  }

  restartCap()
  if (say !== undefined) call.askToSpeak(say)
  else check()
}
