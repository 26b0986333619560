import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { MediaStream } from '../twilio/media-stream.ts'
import type { Behaviour } from './behaviours/behaviour.ts'
import { failedResponses } from './behaviours/failed-responses.ts'
import { greeting } from './behaviours/greeting.ts'
import { hangUp } from './behaviours/hang-up.ts'
import { keypad } from './behaviours/keypad.ts'
import { length } from './behaviours/length.ts'
import { lineWatch } from './behaviours/line-watch.ts'
import { renewal } from './behaviours/renewal.ts'
import { resume } from './behaviours/resume.ts'
import { silence } from './behaviours/silence.ts'
import { startLimit } from './behaviours/start-limit.ts'
import { tone } from './behaviours/tone.ts'
import { transfer } from './behaviours/transfer.ts'
import { turnTaking } from './behaviours/turn-taking.ts'
import { watchdogs } from './behaviours/watchdogs.ts'
import { Call, type CallDependencies } from './call.ts'

/** What every call does, in the order in which it is set up. */
const BEHAVIOURS: readonly Behaviour[] = [
  startLimit,
  greeting,
  turnTaking,
  keypad,
  silence,
  length,
  hangUp,
  transfer,
  lineWatch,
  watchdogs,
  failedResponses,
  resume,
  renewal,
  tone
]

/** Frames that come while the model is opened for the last time inside the budget are kept too. */
const HELD_BEYOND_BUDGET_MS = 5_000

/** A call on a stream that was just accepted. No `await` before this: ws drops what nobody listens to. */
export function createCall(socket: WebSocket, tcp: Duplex, dependencies: CallDependencies): Call {
  const maxHeldMs = dependencies.config.call.modelReconnectMs + HELD_BEYOND_BUDGET_MS
  const call = new Call(new MediaStream(socket, tcp, { maxHeldMs }), dependencies)
  for (const behaviour of BEHAVIOURS) behaviour(call)
  return call
}
