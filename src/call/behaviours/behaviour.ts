import type { Call } from '../call.ts'

/**
 * A behaviour listens to the call's journal and uses the call's methods. It knows no other behaviour. Its timers and
 * listeners end with the call.
 */
export type Behaviour = (call: Call) => void
