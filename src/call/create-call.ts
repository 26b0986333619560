import type { Behaviour } from './behaviours/behaviour.ts'
import { greeting } from './behaviours/greeting.ts'
import { hangUp } from './behaviours/hang-up.ts'
import { keypad } from './behaviours/keypad.ts'
import { length } from './behaviours/length.ts'
import { resume } from './behaviours/resume.ts'
import { silence } from './behaviours/silence.ts'
import { tone } from './behaviours/tone.ts'
import { transfer } from './behaviours/transfer.ts'
import { turnTaking } from './behaviours/turn-taking.ts'
import { Call, type CallParts } from './call.ts'
import { contain } from './contain.ts'
import { runFor } from './owner.ts'

/** The behaviours of every call. They are set up, and hear an event, in this order. */
const BEHAVIOURS: readonly Behaviour[] = [greeting, turnTaking, keypad, silence, length, hangUp, transfer, resume, tone]

/** Reads a call's journal and does not act on the call. */
export type Reader = (call: Call) => void

/**
 * Makes the call of a stream that was just accepted. No `await` before this: ws drops what arrives before a listener.
 * @param readers each gets the call before its first event; an exception of a reader's does not affect the call
 */
export function createCall(parts: CallParts, readers: readonly Reader[]): Call {
  const call = new Call(parts)
  for (const behaviour of BEHAVIOURS) behaviour(call)
  for (const reader of readers) {
    contain(
      () => runFor(call, () => reader(call)),
      (err) => call.log.error({ err }, 'a reader of the journal has failed')
    )
  }
  call.journal.emit({ type: 'opened', at: Date.now() })
  return call
}
