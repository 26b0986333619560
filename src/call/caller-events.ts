import type { Activity } from './activity.ts'
import type { CallerLeg } from './caller-leg.ts'
import type { CallEvent } from './events.ts'
import type { Journal } from './journal.ts'
import type { Heard } from './playback.ts'

type BargeIn = Extract<CallEvent, { type: 'barge_in' }>

interface Port {
  readonly caller: CallerLeg
  readonly journal: Journal
  readonly activity: Activity
}

/** Turns what the caller's leg tells into call events. What ends the call stays with the call. */
export function translateCaller({ caller, journal, activity }: Port): void {
  /** The speech that stopped the agent last. */
  let bargedIn: Activity['speech']
  /** Told of once it is known when the caller hears nothing more of the agent. */
  let untold: Omit<BargeIn, 'silentMs' | 'talkOverMs'> | undefined
  /** Since when both have spoken. */
  let overSinceMs = 0
  const notice = (what: string, fields: Readonly<Record<string, string>>) =>
    journal.emit({ type: 'notice', what, fields })
  const pointMs = (at: number | undefined) => (at === undefined ? undefined : journal.msOf(at))

  caller.on('key', (key) => journal.emit({ type: 'key', key }))
  caller.on('playing', () => journal.emit({ type: 'agent_heard' }))
  caller.on('heard', (heard) => {
    const { itemId: turn, sentMs, playedMs: heardMs, cut, sentAt, beganAt } = heard
    journal.emit({ type: 'heard', turn, sentMs, heardMs, cut, sentAtMs: pointMs(sentAt), heardAtMs: pointMs(beganAt) })
    if (cut && activity.isCallerSpeaking) onBargeIn(heard)
  })
  caller.on('silent', ({ cleared }) => journal.emit({ type: 'agent_silent', cleared }))
  caller.on('cleared', () => tellBargeIn(journal.msOf()))
  caller.on('dropped', () => notice('the agent is minutes ahead of the caller', { limit: 'unplayed audio' }))
  caller.on('refused', (why) => notice('a frame was refused', { why }))
  caller.on('abused', (limit) => notice('the stream was closed over a limit', { limit }))
  caller.on('gone', (how) => {
    if (how === 'quiet') notice('the stream has fallen silent', {})
  })

  function onBargeIn({ itemId: turn, sentMs, playedMs, beganAt }: Heard): void {
    const { speech } = activity
    // What was queued behind the answer is cut with it, by the same voice.
    if (!speech || speech === bargedIn) return
    tellBargeIn(untold?.clearMs)
    bargedIn = speech
    // `clear` is sent in this turn of the event loop, and silences the line when it arrives.
    const clearMs = journal.msOf()
    const { voiceStartMs, vadStartMs } = speech
    untold = { type: 'barge_in', turn, voiceStartMs, vadStartMs, clearMs, cutMs: sentMs - playedMs }
    overSinceMs = Math.max(voiceStartMs, pointMs(beganAt) ?? 0)
    // No mark was on the wire: nothing will tell.
    if (!caller.playback.isClearing) tellBargeIn(clearMs)
  }

  function tellBargeIn(silentMs = 0): void {
    if (untold) journal.emit({ ...untold, silentMs, talkOverMs: silentMs - overSinceMs })
    untold = undefined
  }
}
