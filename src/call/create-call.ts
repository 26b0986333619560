import type { WebSocket } from 'ws'
import { MediaStream } from '../twilio/media-stream.ts'
import type { Behaviour } from './behaviours/behaviour.ts'
import { greeting } from './behaviours/greeting.ts'
import { startLimit } from './behaviours/start-limit.ts'
import { Call, type CallDependencies } from './call.ts'

/** What every call does, in the order in which it is set up. */
const BEHAVIOURS: readonly Behaviour[] = [startLimit, greeting]

/** Frames that come while the model is opened for the last time inside the budget are kept too. */
const HELD_BEYOND_BUDGET_MS = 5_000

/** A call on a stream that was just accepted. No `await` before this: ws drops what nobody listens to. */
export function createCall(socket: WebSocket, dependencies: CallDependencies): Call {
  const maxHeldMs = dependencies.config.call.modelReconnectMs + HELD_BEYOND_BUDGET_MS
  const call = new Call(new MediaStream(socket, { maxHeldMs }), dependencies)
  for (const behaviour of BEHAVIOURS) behaviour(call)
  return call
}
