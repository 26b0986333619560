import type { Behaviour } from './behaviour.ts'

/** Twilio sends `start` at once. A stream without one is nobody's call and must not keep a model socket. */
const START_LIMIT_MS = 5_000

export const startLimit: Behaviour = (call) => {
  call.after(START_LIMIT_MS, () => {
    if (call.state.name === 'ringing') call.end('no_start')
  })
}
