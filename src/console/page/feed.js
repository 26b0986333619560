import { computed, signal } from '@preact/signals'

/**
 * @import { Call, CallEvent, Turn } from './types.d.ts'
 * @typedef {{ call: Call, turns: ReadonlyMap<string, Turn>, activity: Activity }} LiveCall
 * @typedef {{ isKnown: boolean, caller: boolean, agent: boolean, tools: readonly string[] }} Activity who makes a sound now, and
 *   which tools run; nothing is known of a call that was running already until something happens in it
 * @typedef {{ type: 'call', call: Call } | { type: 'turn', callSid: string, turn: Turn } | { type: 'event', callSid: string, event: CallEvent }} Fact
 */

/** @type {Activity} */
const STILL = { isKnown: false, caller: false, agent: false, tools: [] }
/** A feed that the server refused is asked for again after this time, in ms. A browser does it itself after a loss. */
const AGAIN_MS = 2_000

/** @type {import('@preact/signals').Signal<'opening' | 'open' | 'lost'>} */
export const feedState = signal('opening')
/** @type {import('@preact/signals').Signal<ReadonlyMap<string, LiveCall>>} */
const calls = signal(new Map())
/** The calls that run, in the order in which they began. */
export const liveCalls = computed(() =>
  [...calls.value.values()].sort((one, other) => one.call.startedAt.localeCompare(other.call.startedAt))
)
/** How many calls have ended while this page was open: what lists calls asks again then. */
export const endedCalls = signal(0)

/** @type {Set<(fact: Fact) => void>} */
const followers = new Set()

/** Hears of everything that happens on any call. @param {(fact: Fact) => void} follower @returns {() => void} stops it */
export function follow(follower) {
  followers.add(follower)
  return () => followers.delete(follower)
}

/** Server-sent events: after a loss the browser says which one it had last, and misses none. */
export function openFeed() {
  const source = new EventSource('/api/live')
  source.addEventListener('open', () => {
    feedState.value = 'open'
  })
  source.addEventListener('error', () => {
    feedState.value = 'lost'
    if (source.readyState === EventSource.CLOSED) setTimeout(openFeed, AGAIN_MS)
  })
  source.addEventListener('call', ({ data }) => tell({ type: 'call', call: JSON.parse(data) }))
  source.addEventListener('turn', ({ data }) => tell({ type: 'turn', ...JSON.parse(data) }))
  source.addEventListener('event', ({ data }) => tell({ type: 'event', ...JSON.parse(data) }))
}

/** @param {Fact} fact */
function tell(fact) {
  if (fact.type === 'call') noteCall(fact.call)
  else if (fact.type === 'turn')
    change(fact.callSid, ({ turns }) => ({ turns: new Map(turns).set(fact.turn.id, fact.turn) }))
  else change(fact.callSid, ({ activity }) => ({ activity: activityAfter(activity, fact.event) }))
  for (const follower of followers) follower(fact)
}

/** @param {Call} call */
function noteCall(call) {
  const all = new Map(calls.value)
  const known = all.get(call.id)
  if (call.endedAt === null) all.set(call.id, { turns: new Map(), activity: STILL, ...known, call })
  else if (all.delete(call.id)) endedCalls.value += 1
  calls.value = all
}

/** @param {string} callSid @param {(live: LiveCall) => Partial<LiveCall>} how */
function change(callSid, how) {
  const live = calls.value.get(callSid) ?? [...calls.value.values()].find(({ call }) => call.callSid === callSid)
  if (live) calls.value = new Map(calls.value).set(live.call.id, { ...live, ...how(live) })
}

/** @param {Activity} activity @param {CallEvent} event @returns {Activity} */
function activityAfter(activity, event) {
  switch (event.type) {
    case 'caller_speaking':
      return { ...activity, isKnown: true, caller: true }
    case 'caller_silent':
      return { ...activity, isKnown: true, caller: false }
    case 'agent_heard':
      return { ...activity, isKnown: true, agent: true }
    case 'agent_silent':
      return { ...activity, isKnown: true, agent: false }
    case 'tool_started':
      return { ...activity, tools: [...activity.tools, String(event['name'])] }
    case 'tool_finished': {
      const at = activity.tools.indexOf(String(event['name']))
      return { ...activity, tools: activity.tools.filter((_, index) => index !== at) }
    }
    default:
      return activity
  }
}
