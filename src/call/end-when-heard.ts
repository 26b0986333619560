import * as cues from '../agent/cues.ts'
import type { Call } from './call.ts'
import type { EndReason } from './end-reason.ts'
import type { AnswerStatus } from './events.ts'

export interface EndWhenHeard {
  /** What the agent is asked to say first; undefined when it is saying it already. */
  readonly say?: string
  /** The caller speaking over it, or pressing a key, keeps the line open. */
  readonly cancelOnSpeech: boolean
}

/** Beyond the audio that is left to play: an answer that does not come to its end must not keep a line open. */
const CAP_MS = 10_000

/** Speaks, waits until it was played (not merely generated, and not cleared), and ends the call. */
export function endWhenHeard(call: Call, reason: EndReason, { say, cancelOnSpeech }: EndWhenHeard): void {
  const { journal, activity } = call
  const { playback } = call.caller
  // They began to speak in the moment in which this was decided.
  if (cancelOnSpeech && activity.hasCallerTheFloor) return call.tellAgent(cues.lineStaysOpen)
  // An answer that runs already comes before the one that is asked for.
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
    // It is asked for again.
    if (status !== 'failed') answersToCome -= 1
    restartCap()
    check()
  }
  const onSilent = ({ cleared }: { cleared: boolean }) => {
    if (!cleared) check()
    else if (cancelOnSpeech) cancel()
    // The SDK is in the middle of an interruption, and has things to tell the model yet.
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
