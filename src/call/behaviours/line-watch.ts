import type { Behaviour } from './behaviour.ts'

/** Twilio sends a frame every 20 ms, also in silence; one that sends none for this long has lost the line. */
const QUIET_LIMIT_MS = 10_000
const LOOK_MS = 2_500

/** Notices a stream that died without a word. Twilio then asks what comes next, and the caller is given a new one. */
export const lineWatch: Behaviour = (call) => {
  const look = () => {
    if (call.stream.quietMs > QUIET_LIMIT_MS) {
      call.log.warn({ quietMs: Math.round(call.stream.quietMs) }, 'the stream has fallen silent')
      return call.end('stream_lost')
    }
    call.after(LOOK_MS, look)
  }
  call.facts.once('accepted', () => call.after(LOOK_MS, look))
}
