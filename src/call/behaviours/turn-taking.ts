import { voicedMs } from '../../wire/mulaw.ts'
import type { AudioFrame } from '../caller-leg.ts'
import type { Behaviour } from './behaviour.ts'

/**
 * With MIN_INTERRUPTION_MS or PROTECT_GREETING, who may speak over whom is decided here and not by the model: a cough or an
 * "mhm" lets the agent go on, and a real interruption stops it where it was heard, as ever.
 */
export const turnTaking: Behaviour = (call) => {
  const { minInterruptionMs, protectGreeting } = call.config.call
  if (minInterruptionMs === 0 && !protectGreeting) return

  /** What the caller said over the agent since they began; undefined when they have the floor. */
  let over: { voicedMs: number } | undefined
  /** Their voice without a pause until now: the model takes a moment to notice that somebody speaks. */
  let voiceMs = 0
  let isOpening = protectGreeting && call.config.call.greeting !== ''
  const isTalkedOver = () => call.caller.playback.isAgentPlaying || (isOpening && call.activity.isResponding)
  const onHeardOut = () => {
    // An opening that failed has no words, and is asked for again.
    if (call.activity.hasWords && !call.activity.isAgentSpeaking) isOpening = false
  }
  call.journal.on('agent_silent', onHeardOut)
  call.journal.on('answer_finished', onHeardOut)

  call.holdInterruption(() => over !== undefined)

  call.journal.on('caller_speaking', () => {
    over = isTalkedOver() ? { voicedMs: voiceMs } : undefined
  })
  const listen = ({ audio }: AudioFrame) => {
    const voiced = voicedMs(audio)
    voiceMs = voiced > 0 ? voiceMs + voiced : 0
    if (!over || !call.activity.isCallerSpeaking) return
    over.voicedMs += voiced
    if (!isTalkedOver()) {
      // They go on after the agent has finished: that is an answer, however short.
      if (voiced > 0) over = undefined
      return
    }
    if (isOpening || over.voicedMs < minInterruptionMs) return
    over = undefined
    call.interrupt()
  }
  call.caller.tap({ caller: listen })
  // The model was told not to answer by itself: it would answer the "mhm" too.
  call.journal.on('caller_turn', ({ turn }) => {
    const said = over
    over = undefined
    if (said === undefined || said.voicedMs >= minInterruptionMs) return call.askToSpeak()
    call.log.debug({ voicedMs: said.voicedMs }, 'not an interruption')
    call.forgetTurn(turn)
  })
}
