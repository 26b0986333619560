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
import { logCall } from './log.ts'

/** What every call does, in the order in which it is set up, which is the order in which they hear an event. */
const BEHAVIOURS: readonly Behaviour[] = [greeting, turnTaking, keypad, silence, length, hangUp, transfer, resume, tone]

/** Follows a call's journal, and does nothing to the call. */
export type Reader = (call: Call) => void

/**
 * A call on a stream that was just accepted. No `await` before this: ws drops what nobody listens to.
 * @param readers each is given the call before its first event; what they throw costs the call nothing
 */
export function createCall(parts: CallParts, readers: readonly Reader[]): Call {
  const call = new Call(parts)
  for (const behaviour of BEHAVIOURS) behaviour(call)
  for (const reader of [logCall, ...readers]) {
    contain(
      () => reader(call),
      (err) => call.log.error({ err }, 'a reader of the journal has failed')
    )
  }
  call.journal.emit({ type: 'opened', at: Date.now() })
  return call
}
