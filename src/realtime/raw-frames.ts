import type { EventEmitter } from 'node:events'
import { contain } from '../call/contain.ts'
import type { CallSide } from '../call/model-leg.ts'

/**
 * Twilio's frames, as they came in, for whoever listens to the session's `transport_event`, as the SDK would tell them. The
 * session listens to its transport only from `connect()` on, which waits for `start`: until then it is told here.
 */
export function passRawFrames(
  call: CallSide,
  transport: { emit(type: '*', event: { type: 'twilio_message'; message: unknown }): boolean },
  session: EventEmitter
): void {
  let hasConnected = false
  const untold = new Set<object>()
  const passedOn = (event: object): void => {
    hasConnected ||= untold.has(event)
    untold.delete(event)
  }
  session.on('transport_event', passedOn)
  call.caller.onRaw((message) => {
    const event = { type: 'twilio_message' as const, message }
    if (!hasConnected) untold.add(event)
    transport.emit('*', event)
    if (hasConnected) return
    // Once the call has read what came with it: a `start` in the same read says whose call it is.
    queueMicrotask(() => {
      if (!untold.delete(event)) return
      contain(
        () => session.emit('transport_event', event),
        (error) => call.fail(error)
      )
    })
  })
}
