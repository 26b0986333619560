/** Why a call ended. The first reason wins, and decides what Twilio is told to do next. */
export type EndReason =
  /** The caller hung up. */
  | 'caller_hung_up'
  /** The caller left before the agent was there. */
  | 'caller_left_early'
  /** The stream's socket closed without `stop`: the caller may still be on the line. */
  | 'stream_lost'
  /** No `start` came in time. */
  | 'no_start'
  /** The stream's token was missing, wrong, expired or used. */
  | 'stream_refused'
  /** The stream sent too many frames, or did not read what was sent to it. */
  | 'stream_abused'
  /** The same call opened a newer stream. */
  | 'superseded'
  | 'agent_hung_up'
  /** An operator ended the call from the console. */
  | 'operator_hung_up'
  | 'transferred'
  | 'caller_silent'
  | 'too_long'
  /** The call cost MAX_CALL_COST_USD. */
  | 'too_costly'
  | 'drained'
  | 'model_rejected'
  | 'model_refused'
  | 'model_unreachable'
  | 'model_closed'
  | 'model_mute'
  | 'model_wrong_format'
  | 'internal_error'

/** The party that caused an end, which an operator looks at first. */
export type Fault = (typeof FAULTS)[number]

export const FAULTS = ['caller', 'agent', 'us', 'twilio', 'openai', 'operator'] as const

const FAULT: Record<EndReason, Fault> = {
  caller_hung_up: 'caller',
  caller_left_early: 'caller',
  caller_silent: 'caller',
  stream_abused: 'caller',
  stream_refused: 'caller',
  stream_lost: 'twilio',
  no_start: 'twilio',
  superseded: 'twilio',
  agent_hung_up: 'agent',
  transferred: 'agent',
  operator_hung_up: 'operator',
  too_long: 'operator',
  too_costly: 'operator',
  drained: 'operator',
  model_rejected: 'operator',
  model_wrong_format: 'operator',
  model_refused: 'openai',
  model_unreachable: 'openai',
  model_closed: 'openai',
  model_mute: 'openai',
  internal_error: 'us'
}

export const END_REASONS = Object.keys(FAULT) as EndReason[]

export function faultOf(reason: EndReason): Fault {
  return FAULT[reason]
}

/** The stream belonged to no call of this server's. */
export function isRefused(reason: EndReason): boolean {
  return reason === 'no_start' || reason === 'stream_refused'
}
