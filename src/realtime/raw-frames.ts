import type { CallSide } from '../call/model-leg.ts'
import type { CallSession } from './session.ts'

/**
 * Passes Twilio's frames, unchanged, to listeners of the session's `transport_event`, as the SDK would. The session
 * listens to its transport only from `connect()` on, which waits for `start`; earlier frames are passed here.
 */
export function passRawFrames(
  call: CallSide,
  transport: { emit(type: '*', event: { type: 'twilio_message'; message: unknown }): boolean },
  session: CallSession
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
    // Waits until the call has read the frames of the same read, because a `start` among them names the call.
    queueMicrotask(() => {
      if (untold.delete(event)) session.emit('transport_event', event)
    })
  })
}
