import { voicedMs } from '../../wire/mulaw.ts'
import type { AudioFrame } from '../caller-leg.ts'
import type { Behaviour } from './behaviour.ts'

/**
 * With MIN_INTERRUPTION_MS or PROTECT_GREETING this server, and not the model, decides whether the caller's speech
 * stops the agent. A cough or an "mhm" lets the agent go on. Longer speech stops the agent as barge-in does.
 */
export const turnTaking: Behaviour = (call) => {
  const { minInterruptionMs, protectGreeting } = call.config.call
  if (minInterruptionMs === 0 && !protectGreeting) return

  /** The caller's voice over the agent in this turn; undefined when the caller has the floor. */
  let over: { voicedMs: number } | undefined
  /**
   * The caller's voice without a pause until now, in ms. It is counted also before `caller_speaking`, which the model
   * sends late.
   */
  let voiceMs = 0
  let isOpening = protectGreeting && call.config.call.greeting !== ''
  const isTalkedOver = () => call.caller.playback.isAgentPlaying || (isOpening && call.activity.isResponding)
  const onHeardOut = () => {
    // A greeting that failed has no words and is requested again.
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
      // The caller goes on after the agent has finished: their speech is a turn, however short.
      if (voiced > 0) over = undefined
      return
    }
    if (isOpening || over.voicedMs < minInterruptionMs) return
    over = undefined
    call.interrupt()
  }
  call.caller.tap({ caller: listen })
  // The model does not answer by itself here, because it would answer the "mhm" too. Every real turn is answered by
  // this request.
  call.journal.on('caller_turn', ({ turn }) => {
    const said = over
    over = undefined
    if (said === undefined || said.voicedMs >= minInterruptionMs) return call.askToSpeak()
    call.log.debug({ voicedMs: said.voicedMs }, 'not an interruption')
    call.forgetTurn(turn)
  })
}
