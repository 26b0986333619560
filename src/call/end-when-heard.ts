import * as cues from '../agent/cues.ts'
import type { FinishedResponse } from '../model/events.ts'
import type { EndReason } from '../records/record.ts'
import type { Call } from './call.ts'

export interface EndWhenHeard {
  /** What the agent is asked to say first; undefined when it is saying it already. */
  readonly say?: string
  /** The caller speaking over it, or pressing a key, keeps the line open. */
  readonly cancelOnSpeech: boolean
}

/** Beyond the audio that is left to play: a mark that does not come back must not keep a line open. */
const CAP_MS = 10_000

/** Speaks, waits until it was played (not merely generated, and not cleared), and ends the call. */
export function endWhenHeard(call: Call, reason: EndReason, { say, cancelOnSpeech }: EndWhenHeard): void {
  const { facts, stream, activity } = call
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
    if (answersToCome <= 0 && !stream.playback.isAgentPlaying) finish()
  }
  const restartCap = () => {
    stopCap()
    stopCap = call.after(stream.playback.aheadMs + CAP_MS, finish)
  }
  const onFinished = ({ status }: FinishedResponse) => {
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
  const onSpeaking = () => {
    if (cancelOnSpeech && activity.hasCallerTheFloor) cancel()
  }
  const stop = () => {
    stopCap()
    facts.off('responseFinished', onFinished)
    facts.off('agentSilent', onSilent)
    facts.off('callerSpeaking', onSpeaking)
    facts.off('keyPressed', onKey)
  }
  const cancel = () => {
    call.log.info({ reason }, 'the caller spoke over the goodbye: the line stays open')
    stop()
    call.tellAgent(cues.lineStaysOpen)
  }
  const onKey = () => {
    if (cancelOnSpeech) cancel()
  }

  facts.on('responseFinished', onFinished)
  facts.on('agentSilent', onSilent)
  facts.on('callerSpeaking', onSpeaking)
  facts.on('keyPressed', onKey)
  restartCap()
  if (say !== undefined) call.askToSpeak(say)
  else check()
}
