import type { EndReason } from './end-reason.ts'

/** The state of a call. Times are milliseconds since the epoch. */
export type CallState =
  /** The stream is open, and its `start` has not come. */
  | { readonly name: 'ringing' }
  /** The caller is verified; their audio is held while the session opens. */
  | { readonly name: 'connecting'; readonly startedAt: number }
  | { readonly name: 'live'; readonly startedAt: number }
  /** The model was lost; the caller's line is kept and their audio held. */
  | { readonly name: 'reconnecting'; readonly startedAt: number; readonly lostAt: number }
  | {
      readonly name: 'ended'
      readonly startedAt: number | undefined
      readonly endedAt: number
      readonly reason: EndReason
    }

export type StateEvent =
  | { readonly type: 'accepted'; readonly at: number }
  | { readonly type: 'model ready' }
  | { readonly type: 'model lost'; readonly at: number }
  | { readonly type: 'ended'; readonly at: number; readonly reason: EndReason }

/** The next state; the same state where the event does not apply, because late events of a race change nothing. */
export function nextState(state: CallState, event: StateEvent): CallState {
  if (state.name === 'ended') return state
  switch (event.type) {
    case 'accepted':
      return state.name === 'ringing' ? { name: 'connecting', startedAt: event.at } : state
    case 'model ready':
      return state.name === 'connecting' || state.name === 'reconnecting'
        ? { name: 'live', startedAt: state.startedAt }
        : state
    case 'model lost':
      return state.name === 'live' ? { name: 'reconnecting', startedAt: state.startedAt, lostAt: event.at } : state
    case 'ended': {
      const startedAt = state.name === 'ringing' ? undefined : state.startedAt
      return { name: 'ended', startedAt, endedAt: event.at, reason: event.reason }
    }
  }
}
