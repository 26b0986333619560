import type { Call } from '../call.ts'

/**
 * Something a good receptionist does on a call. It listens to the call's journal and uses its verbs, knows no other
 * behaviour, and leaves nothing behind: what it starts hangs on the call's signal.
 */
export type Behaviour = (call: Call) => void
