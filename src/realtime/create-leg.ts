import type { CallSide } from '../call/model-leg.ts'
import { answers } from './keepers/answers.ts'
import { configuration } from './keepers/configuration.ts'
import { failedResponses } from './keepers/failed-responses.ts'
import type { Keeper } from './keepers/keeper.ts'
import { renewal } from './keepers/renewal.ts'
import { sessionErrors } from './keepers/session-errors.ts'
import { stalls } from './keepers/stalls.ts'
import { RealtimeLeg, type RealtimeOptions } from './leg.ts'
import { passRawFrames } from './raw-frames.ts'
import { translate } from './translate.ts'

/** The keepers of every session. They hear an event in this order. */
const KEEPERS: readonly Keeper[] = [sessionErrors, configuration, answers, stalls, failedResponses, renewal]

/** The model's leg of a call. It connects only at `seek`. */
export function createLeg(call: CallSide, options: RealtimeOptions): RealtimeLeg {
  const leg = new RealtimeLeg(call, options)
  translate(leg, call)
  for (const keeper of KEEPERS) keeper(leg, call)
  if (options.isListenedTo) passRawFrames(call, leg.transport, leg.session)
  return leg
}
