import { expect, test } from 'vitest'
import { type CallState, nextState, type StateEvent } from '../../src/call/state.ts'

const ringing: CallState = { name: 'ringing' }
const connecting: CallState = { name: 'connecting', startedAt: 1 }
const live: CallState = { name: 'live', startedAt: 1 }
const reconnecting: CallState = { name: 'reconnecting', startedAt: 1, lostAt: 3 }
const ended: CallState = { name: 'ended', startedAt: 1, endedAt: 5, reason: 'caller_hung_up' }

const accepted: StateEvent = { type: 'accepted', at: 1 }
const ready: StateEvent = { type: 'model ready' }
const lost: StateEvent = { type: 'model lost', at: 3 }
const over: StateEvent = { type: 'ended', at: 9, reason: 'drained' }

const overFrom = (startedAt: number | undefined): CallState => ({
  name: 'ended',
  startedAt,
  endedAt: 9,
  reason: 'drained'
})

const table: [string, CallState, StateEvent, CallState][] = [
  ['a verified caller is connected', ringing, accepted, connecting],
  ['a model before its caller changes nothing', ringing, ready, ringing],
  ['a model lost before its caller changes nothing', ringing, lost, ringing],
  ['a stream nobody claims can end', ringing, over, overFrom(undefined)],
  ['a second acceptance changes nothing', connecting, { ...accepted, at: 2 }, connecting],
  ['the model is there', connecting, ready, live],
  ['a model lost while connecting is the search going on', connecting, lost, connecting],
  ['a caller who leaves early', connecting, over, overFrom(1)],
  ['a second acceptance does not restart a live call', live, { ...accepted, at: 2 }, live],
  ['a model that is ready twice', live, ready, live],
  ['the model is lost', live, lost, reconnecting],
  ['a live call ends', live, over, overFrom(1)],
  ['the model is back, and the call as old as before', reconnecting, ready, live],
  ['a model lost again is the same outage', reconnecting, { ...lost, at: 4 }, reconnecting],
  ['an acceptance during an outage changes nothing', reconnecting, accepted, reconnecting],
  ['an outage can end the call', reconnecting, over, overFrom(1)],
  ['the first ending wins', ended, over, ended],
  ['a session that connects after the hang-up is ignored', ended, ready, ended],
  ['a model lost after the hang-up is ignored', ended, lost, ended],
  ['a start after the end is ignored', ended, accepted, ended]
]

test.each(table)('%s', (_what, state, event, expected) => {
  const next = nextState(state, event)
  expect(next).toEqual(expected)
  // An event that does not apply leaves the very same state, which is how the call knows that nothing happened.
  if (state.name === expected.name) expect(next).toBe(state)
})
