import type { ModelTrouble } from '../model/errors.ts'
import type { EndReason } from '../records/record.ts'

const TROUBLE: Record<ModelTrouble, EndReason> = {
  rejected: 'model_rejected',
  refused: 'model_refused',
  unreachable: 'model_unreachable',
  closed: 'model_closed',
  mute: 'model_mute',
  'wrong format': 'model_wrong_format'
}

export function reasonFor(trouble: ModelTrouble): EndReason {
  return TROUBLE[trouble]
}

/** 1008 is "policy violation": the stream was nobody's. (RFC 6455, 7.4.1) */
export function closeCodeFor(reason: EndReason): number {
  return reason === 'no_start' || reason === 'stream_refused' ? 1008 : 1000
}
