/**
 * @import { CallEvent, Turn, WholeCall } from '../types.d.ts'
 * @import { Fact } from '../feed.js'
 */

/** The call with what has just happened in it; the same call for what happened elsewhere. @param {WholeCall} whole @param {Fact} fact @returns {WholeCall} */
export function mergeFact(whole, fact) {
  const { id, callSid } = whole.call
  if (fact.type === 'call') return fact.call.id === id ? { ...whole, call: fact.call } : whole
  if (fact.callSid !== callSid && fact.callSid !== id) return whole
  if (fact.type === 'turn') return { ...whole, turns: upsert(whole.turns, fact.turn, isSameTurn, startOf) }
  return { ...whole, events: upsert(whole.events, fact.event, isSameEvent, ({ atMs }) => atMs) }
}

/** @param {Turn} one @param {Turn} other */
const isSameTurn = (one, other) => one.id === other.id && one.stream === other.stream
/** @param {CallEvent} one @param {CallEvent} other */
const isSameEvent = (one, other) => one.seq === other.seq && one.stream === other.stream

/**
 * @template T
 * @param {readonly T[]} list @param {T} item
 * @param {(one: T, other: T) => boolean} isSame @param {(item: T) => number} timeOf
 */
function upsert(list, item, isSame, timeOf) {
  const others = list.filter((one) => !isSame(one, item))
  return [...others, item].sort((one, other) => timeOf(one) - timeOf(other))
}

/** Where a turn stands in its call. An answer that was not heard has its first sign of life. @param {Turn} turn */
export function startOf({ startMs, endMs, stations }) {
  const { sent, firstAudio, firstToken, answerStarted } = stations
  return startMs ?? sent ?? firstAudio ?? firstToken ?? answerStarted ?? endMs ?? Number.MAX_SAFE_INTEGER
}

/** How much of a turn's audio was generated and not heard, in ms. @param {Turn} turn */
export const unheardMs = ({ cut, sentMs, heardMs }) => (cut ? Math.max(0, (sentMs ?? 0) - (heardMs ?? 0)) : 0)

/** The length of the time axis. @param {WholeCall} whole */
export function lastMs({ call, turns, events }) {
  const ends = turns.map((turn) => (turn.endMs ?? 0) + unheardMs(turn))
  return Math.max(1_000, call.durationMs ?? 0, events.at(-1)?.atMs ?? 0, ...ends)
}

/** The words of an answer that were heard, and those that were generated and not heard. @param {Turn} turn */
export function heardAndNot({ who, text, generatedText, textState, cut }) {
  if (who === 'caller') return { heard: text ?? '', unheard: '' }
  const heard = text ?? ''
  const all = generatedText ?? heard
  if (!cut && textState === 'final') return { heard: heard || all, unheard: '' }
  return { heard, unheard: all.startsWith(heard) ? all.slice(heard.length) : all }
}

/**
 * @typedef {{ name: string, startMs: number, endMs: number, arguments: unknown, result: unknown, failed: unknown }} ToolRun
 * @param {readonly CallEvent[]} events @returns {ToolRun[]}
 */
export function toolRuns(events) {
  const finished = new Map(
    events.filter(({ type }) => type === 'tool_finished').map((event) => [`${event.stream} ${event['run']}`, event])
  )
  return events
    .filter(({ type }) => type === 'tool_started')
    .map((event) => {
      const end = finished.get(`${event.stream} ${event['run']}`)
      return {
        name: String(event['name']),
        ...{ startMs: event.atMs, endMs: end?.atMs ?? event.atMs },
        ...{ arguments: event['arguments'], result: end?.['result'], failed: end?.['failed'] }
      }
    })
}
