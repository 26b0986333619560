import { voicedMs } from '../../twilio/loudness.ts'
import type { Behaviour } from './behaviour.ts'

/**
 * With MIN_INTERRUPTION_MS or PROTECT_GREETING, who may speak over whom is decided here and not by the model: a cough or an
 * "mhm" lets the agent go on, and a real interruption stops it where it was heard, as ever.
 */
export const turnTaking: Behaviour = (call) => {
  const { minInterruptionMs, protectGreeting } = call.config.call
  if (minInterruptionMs === 0 && !protectGreeting) return

  /** What the caller said over the agent since they began; undefined when they spoke into silence. */
  let over: { voicedMs: number } | undefined
  let isOpening = protectGreeting
  call.facts.once('agentSilent', () => {
    isOpening = false
  })

  call.transport.holdInterruption = () => over !== undefined

  call.facts.on('callerSpeaking', () => {
    over = call.activity.isAgentSpeaking ? { voicedMs: 0 } : undefined
  })
  call.onCallerAudio((frame) => {
    if (!over || !call.activity.isCallerSpeaking) return
    over.voicedMs += voicedMs(frame.payload)
    if (isOpening || over.voicedMs < minInterruptionMs) return
    over = undefined
    call.interrupt()
  })
  // The model was told not to answer by itself: it would answer the "mhm" too.
  call.facts.on('callerTurn', (itemId) => {
    const said = over
    over = undefined
    if (said === undefined || said.voicedMs >= minInterruptionMs) return call.askToSpeak()
    call.log.debug({ voicedMs: said.voicedMs }, 'not an interruption')
    call.forgetTurn(itemId)
  })
}
