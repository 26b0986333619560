import * as cues from '../../agent/cues.ts'
import type { DigitsAsked } from '../events.ts'
import type { Behaviour } from './behaviour.ts'

/** Nobody takes longer than this between two keys of one number. */
const PAUSE_MS = 2_500
/** More than any number has. */
const MOST_KEYS = 32

/**
 * Keys are collected until `#`, a pause or a count, and given away once: to the tool that asked, which keeps them out of the
 * conversation, or else to the agent. They never reach the log.
 */
export const keypad: Behaviour = (call) => {
  let keys = ''
  let asked: DigitsAsked | undefined
  /** Out of habit many press `#` also after the last key that was waited for. */
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
    // They may have begun before they were asked to the end.
    if (keys.length >= request.count) return finishByCount()
    stopWaiting = call.after(request.timeoutMs, finish)
  })

  // A tool that waits must hear of the end, or it would wait for ever.
  call.journal.on('ended', () => asked?.give(''))
}
