import type { CallSide } from '../../call/model-leg.ts'
import type { RealtimeLeg } from '../leg.ts'

/** Keeps one thing about a model in order: a session that is mute, stalls, fails, or comes to the end of its time. */
export type Keeper = (leg: RealtimeLeg, call: CallSide) => void
