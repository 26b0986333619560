import * as cues from '../../agent/cues.ts'
import type { DigitsAsked } from '../events.ts'
import type { Behaviour } from './behaviour.ts'

/** A longer pause after a key ends the number. */
const PAUSE_MS = 2_500
/** The most keys of one number when no tool has asked for a count. */
const MOST_KEYS = 32

/**
 * Collects keys until `#`, a pause or a count, and passes them on once: to the tool that asked, which keeps them out of
 * the conversation, else to the agent. Keys are never logged.
 */
export const keypad: Behaviour = (call) => {
  let keys = ''
  let asked: DigitsAsked | undefined
  /** The number is complete by its count. A `#` that follows is pressed out of habit and is ignored. */
  let isHashDue = false
  let stopWaiting = () => {}

  const finish = () => {
    stopWaiting()
    const digits = keys
    keys = ''
    if (asked) {
      const { give } = asked
      asked = undefined
      return give(digits)
    }
    if (digits === '') return
    call.tellAgent(cues.keyedIn(digits))
    call.askToSpeak()
  }

  const finishByCount = () => {
    finish()
    isHashDue = true
    stopWaiting = call.after(PAUSE_MS, () => {
      isHashDue = false
    })
  }

  call.journal.on('key', ({ key }) => {
    const isHabit = isHashDue && key === '#'
    isHashDue = false
    if (isHabit) return
    if (keys === '') call.interrupt()
    stopWaiting()
    if (key === '#' && (asked || keys !== '')) return finish()
    keys += key
    if (keys.length >= (asked?.count ?? MOST_KEYS)) return finishByCount()
    stopWaiting = call.after(PAUSE_MS, finish)
  })

  call.journal.on('digits_asked', (request) => {
    asked?.give('')
    asked = request
    stopWaiting()
    // The caller may have pressed keys before the agent finished the question.
    if (keys.length >= request.count) return finishByCount()
    stopWaiting = call.after(request.timeoutMs, finish)
  })

  // A waiting tool gets an empty answer, because otherwise it would wait for ever.
  call.journal.on('ended', () => asked?.give(''))
}
