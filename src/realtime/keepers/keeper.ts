import type { CallSide } from '../../call/model-leg.ts'
import type { RealtimeLeg } from '../leg.ts'

/** A keeper handles one fault of a session: it is mute, stalls, fails or nears the end of its time. */
export type Keeper = (leg: RealtimeLeg, call: CallSide) => void
