import type { ModelTrouble } from '../model/errors.ts'
import type { EndReason } from '../records/record.ts'

/** What the caller's line does once the stream is closed. */
export type Afterwards = 'hang up' | 'apologise' | 'transfer' | 'stream again'

export function afterwards(reason: EndReason): Afterwards {
  switch (reason) {
    case 'transferred':
      return 'transfer'
    case 'stream_lost':
    // Twilio asks, so it was the stream that went, and not the caller.
    case 'caller_left_early':
      return 'stream again'
    case 'model_rejected':
    case 'model_refused':
    case 'model_unreachable':
    case 'model_closed':
    case 'model_mute':
    case 'model_wrong_format':
    case 'internal_error':
    case 'stream_refused':
    case 'no_start':
    case 'stream_abused':
      return 'apologise'
    default:
      return 'hang up'
  }
}

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
