import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { CallOver, type PhoneCall } from '../telephone/telephone.ts'
import type { AgentVoice } from './agent-voice.ts'
import { Connection } from './connection.ts'
import type { Cue, Utterance } from './cues.ts'
import type { Report } from './report.ts'

export interface Stage {
  readonly call: PhoneCall
  readonly voice: AgentVoice
  readonly report: Report
  /** Tells the model what is about to be said, where it cannot understand by itself. */
  readonly prompt: (words: string) => void
  /** How long the agent is silent before the caller takes it that they have finished. */
  readonly settledMs: number
}

type Speech = Extract<Cue, { utterances: readonly Utterance[] }>

/** A caller waits no longer to be greeted, or answered. */
const GREETING_LIMIT_MS = 5_000
const ANSWER_LIMIT_MS = 15_000
/** Keys need no answer, but may get one. */
const KEYS_LIMIT_MS = 3_000
/** After the goodbye the agent may hang up; then the caller does. */
const FAREWELL_MS = 2_500

/** Plays the caller's part to its end and hangs up. Resolves with what went wrong, if anything did; never rejects. */
export async function perform(cues: readonly Cue[], stage: Stage): Promise<string | undefined> {
  const over = new AbortController()
  const ended = stage.call.ended.finally(() => over.abort())
  const part = new Part(stage, over.signal)
  try {
    await part.playAll(cues)
  } catch (error) {
    if (over.signal.aborted || error instanceof CallOver)
      return (await ended).by === 'caller' ? undefined : part.missing(cues)
    stage.call.hangUp()
    return error instanceof NoAnswer ? error.message : String(error)
  }
  stage.call.hangUp()
  return undefined
}

class NoAnswer extends Error {}

/** What the caller does, and what they wait for before. */
class Part {
  /** The caller is waiting for the agent; how long at most, and whether they give up then. */
  #owed: { readonly limitMs: number; readonly isMust: boolean } | undefined
  #played = 0
  readonly #stage: Stage
  readonly #over: AbortSignal
  readonly #connection: Connection

  /** @param over aborted when the call is over: whatever is waited for then rejects */
  constructor(stage: Stage, over: AbortSignal) {
    this.#stage = stage
    this.#over = over
    this.#connection = new Connection(stage.call)
  }

  async playAll(cues: readonly Cue[]): Promise<void> {
    await this.#stage.call.streaming
    // Who was greeted by Twilio's voice is not greeted again.
    if (this.#stage.call.said.all.length === 0) await this.#answered(GREETING_LIMIT_MS)
    for (const cue of cues) {
      await this.#play(cue)
      this.#played++
    }
    await this.#heardOut()
    await wait(FAREWELL_MS, undefined, { signal: this.#over })
  }

  /** What an end at this moment leaves undone. */
  missing(cues: readonly Cue[]): string | undefined {
    const left = cues.slice(this.#played)
    // The agent may well end a call on which nothing more was to come from the caller.
    if (left.some((cue) => !('stayMs' in cue)))
      return `The call ended after ${this.#played} of the caller's ${cues.length} steps.`
    return this.#owed?.isMust ? "The call ended before the caller's last words were answered." : undefined
  }

  async #play(cue: Cue): Promise<void> {
    if ('stayMs' in cue) return this.#stay(cue.stayMs)
    if ('press' in cue) return this.#press(cue.press)
    await (cue.bargeInMs === undefined ? this.#heardOut() : this.#overTheAgent(cue.bargeInMs))
    await this.#speak(cue)
  }

  /** What is owed has come, the agent has finished, and the caller is not with somebody else. */
  async #heardOut(): Promise<void> {
    await this.#silence()
    if (this.#connection.isOpen) return
    await once(this.#connection, 'open', { signal: this.#over })
    await this.#answered(GREETING_LIMIT_MS)
    await this.#silence()
  }

  async #silence(): Promise<void> {
    const { voice, settledMs } = this.#stage
    if (this.#owed) await this.#answered(this.#owed.limitMs)
    while (voice.silentForMs < settledMs) {
      if (voice.isSpeaking) await once(voice, 'silent', { signal: this.#over })
      await wait(Math.max(1, settledMs - voice.silentForMs), undefined, { signal: this.#over })
    }
  }

  async #answered(limitMs: number): Promise<void> {
    const { voice } = this.#stage
    if (!voice.isSpeaking) {
      const late = AbortSignal.timeout(limitMs)
      await once(voice, 'speaks', { signal: AbortSignal.any([this.#over, late]) }).catch((error) => {
        if (this.#over.aborted) throw error
        if (this.#owed?.isMust) throw new NoAnswer(`The agent did not answer within ${limitMs / 1_000} s.`)
      })
    }
    this.#owed = undefined
  }

  async #overTheAgent(afterMs: number): Promise<void> {
    await this.#answered(this.#owed?.limitMs ?? GREETING_LIMIT_MS)
    await wait(afterMs, undefined, { signal: this.#over })
  }

  async #speak({ utterances, words, told }: Speech): Promise<void> {
    const { call, voice, report, prompt } = this.#stage
    if (words) prompt(words)
    report.callerSpeaks(told, voice.isSpeaking)
    // All at once, so that nothing comes between them that the recording has not.
    const played = utterances.map(({ pause, speech }) => [call.play(pause), call.play(speech)] as const)
    for (const [begins, ends] of played) {
      await begins
      report.callerBegins()
      await ends
      report.callerEnds()
    }
    this.#owed = { limitMs: ANSWER_LIMIT_MS, isMust: true }
  }

  async #press(keys: string): Promise<void> {
    const { call, report } = this.#stage
    await this.#heardOut()
    report.timeline.tell('caller', `presses ${keys}`)
    call.press(keys)
    this.#owed = { limitMs: KEYS_LIMIT_MS, isMust: false }
  }

  async #stay(ms: number): Promise<void> {
    const { report } = this.#stage
    await this.#heardOut()
    report.timeline.tell('caller', `says nothing for ${ms / 1_000} s`)
    await wait(ms, undefined, { signal: this.#over })
  }
}
