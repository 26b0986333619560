import type { Activity } from './activity.ts'
import type { CallerLeg } from './caller-leg.ts'
import type { Journal } from './journal.ts'
import type { Heard } from './playback.ts'

interface Port {
  readonly caller: CallerLeg
  readonly journal: Journal
  readonly activity: Activity
}

/** Turns what the caller's leg tells into call events. What ends the call stays with the call. */
export function translateCaller({ caller, journal, activity }: Port): void {
  /** The speech that stopped the agent last. */
  let bargedIn: Activity['speech']
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
    bargedIn = speech
    const { voiceStartMs, vadStartMs } = speech
    // `clear` is sent in this turn of the event loop, and silences the line when it arrives.
    const clearMs = journal.msOf()
    const talkOverMs = clearMs - Math.max(voiceStartMs, pointMs(beganAt) ?? 0)
    const times = { voiceStartMs, vadStartMs, clearMs, silentMs: clearMs, talkOverMs, cutMs: sentMs - playedMs }
    journal.emit({ type: 'barge_in', turn, ...times })
  }
}
