import type { EndReason } from '../records/record.ts'
import type { Call } from './call.ts'

export interface EndWhenHeard {
  /** What the agent is asked to say first; undefined when it is saying it already. */
  readonly say?: string
  /** The caller speaking over it keeps the line open. */
  readonly cancelOnSpeech: boolean
}

/** Beyond the audio that is left to play: a mark that does not come back must not keep a line open. */
const CAP_MS = 10_000

/** Speaks, waits until it was played (not merely generated, and not cleared), and ends the call. */
export function endWhenHeard(call: Call, reason: EndReason, { say, cancelOnSpeech }: EndWhenHeard): void {
  const { facts, stream, activity } = call
  // An answer that runs already comes before the one that is asked for.
  let answersToCome = (activity.isResponding ? 1 : 0) + (say === undefined ? 0 : 1)
  let stopCap = () => {}

  const finish = () => {
    stop()
    call.end(reason)
  }
  const check = () => {
    if (answersToCome <= 0 && !stream.playback.isPlaying) finish()
  }
  const restartCap = () => {
    stopCap()
    stopCap = call.after(stream.playback.aheadMs + CAP_MS, finish)
  }
  const onFinished = () => {
    answersToCome -= 1
    restartCap()
    check()
  }
  const stop = () => {
    stopCap()
    facts.off('responseFinished', onFinished)
    facts.off('agentSilent', check)
    facts.off('callerSpeaking', cancel)
  }
  const cancel = () => {
    if (!cancelOnSpeech) return
    call.log.info({ reason }, 'the caller spoke over the goodbye: the line stays open')
    stop()
  }

  facts.on('responseFinished', onFinished)
  facts.on('agentSilent', check)
  facts.on('callerSpeaking', cancel)
  restartCap()
  if (say !== undefined) call.askToSpeak(say)
  else check()
}
