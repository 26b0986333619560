import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { CallOver, type PhoneCall } from '../telephone/telephone.ts'
import type { AgentVoice } from './agent-voice.ts'
import { Connection } from './connection.ts'
import type { Cue, Utterance } from './cues.ts'
import type { MachineTime } from './machine.ts'

/** Told of what the caller does, as it happens. */
export interface CallerReport {
  /** @param isOver the agent is speaking */
  callerSpeaks(told: string, isOver: boolean): void
  /** The first sound of an utterance, and its last. */
  callerBegins(): void
  callerEnds(): void
  /** Anything but speaking. */
  callerDoes(what: string): void
}

/** The caller's part: written before, or made up on the way by somebody who hears the agent out first. */
export type Script = readonly Cue[] | ((heardOut: () => Promise<void>) => AsyncIterable<Cue>)

export interface Stage {
  readonly call: PhoneCall
  readonly voice: AgentVoice
  readonly report: CallerReport
  /** Gives the practice model the words that are about to be said, which it cannot recognise. */
  readonly prompt: (words: string) => void
  /** After this much silence the caller takes it that the agent has finished, in ms. */
  readonly settledMs: number
  readonly time: MachineTime
  /** Whether the agent will speak although it is silent, where that can be known: the caller then waits. */
  readonly isBusy?: () => boolean
}

type Speech = Extract<Cue, { utterances: readonly Utterance[] }>

/** The longest waits for the greeting and for an answer. */
const GREETING_LIMIT_MS = 5_000
const ANSWER_LIMIT_MS = 15_000
/** The longest wait after keys, which need no answer but may get one. */
const KEYS_LIMIT_MS = 3_000
const BUSY_POLL_MS = 20
/** The wait for the agent to hang up after the goodbye; then the caller hangs up. */
const FAREWELL_MS = 2_500

/**
 * Plays the caller's part to its end and hangs up. Resolves to what went wrong; undefined when nothing did. Never
 * rejects.
 */
export async function perform(script: Script, stage: Stage): Promise<string | undefined> {
  const over = new AbortController()
  const ended = stage.call.ended.finally(() => over.abort())
  const part = new Part(stage, over.signal)
  try {
    await part.playAll(script)
  } catch (error) {
    if (over.signal.aborted || error instanceof CallOver)
      return (await ended).by === 'caller' ? undefined : part.missing(script)
    stage.call.hangUp()
    return error instanceof NoAnswer ? error.message : String(error)
  }
  stage.call.hangUp()
  return undefined
}

class NoAnswer extends Error {}

/** Plays the caller: their steps, and the waits before each. */
class Part {
  /** The answer that the caller waits for: how long at most, and whether it is an error when none comes. */
  #owed: { readonly limitMs: number; readonly isMust: boolean } | undefined
  #played = 0
  readonly #stage: Stage
  readonly #over: AbortSignal
  readonly #connection: Connection

  /** @param over aborted when the call is over; every wait then rejects */
  constructor(stage: Stage, over: AbortSignal) {
    this.#stage = stage
    this.#over = over
    this.#connection = new Connection(stage.call)
  }

  async playAll(script: Script): Promise<void> {
    await this.#stage.call.streaming
    // A caller whom Twilio's voice greeted gets no second greeting.
    if (this.#stage.call.said.all.length === 0) await this.#answered(GREETING_LIMIT_MS)
    for await (const cue of typeof script === 'function' ? script(() => this.#heardOut()) : script) {
      await this.#play(cue)
      this.#played++
      if ('hangUp' in cue) return
    }
    await this.#heardOut()
    await wait(FAREWELL_MS, undefined, { signal: this.#over })
  }

  /** The steps or answers that are missing when the call ends now. */
  missing(script: Script): string | undefined {
    const left = typeof script === 'function' ? [] : script.slice(this.#played)
    // The agent may end a call when the caller had nothing more to do.
    if (left.some((cue) => !('stayMs' in cue)))
      return `The call ended after ${this.#played} of the caller's ${script.length} steps.`
    return this.#owed?.isMust ? "The call ended before the caller's last words were answered." : undefined
  }

  async #play(cue: Cue): Promise<void> {
    if ('stayMs' in cue) return this.#stay(cue.stayMs)
    if ('press' in cue) return this.#press(cue.press)
    if ('hangUp' in cue) {
      await (cue.bargeInMs === undefined ? this.#heardOut() : this.#overTheAgent(cue.bargeInMs))
      return this.#stage.report.callerDoes('hangs up')
    }
    await (cue.bargeInMs === undefined ? this.#heardOut() : this.#overTheAgent(cue.bargeInMs))
    await this.#speak(cue)
  }

  /** Waits until the awaited answer has come, the agent has finished, and the caller is connected to the agent. */
  async #heardOut(): Promise<void> {
    await this.#silence()
    if (this.#connection.isOpen) return
    await once(this.#connection, 'open', { signal: this.#over })
    await this.#answered(GREETING_LIMIT_MS)
    await this.#silence()
  }

  async #silence(): Promise<void> {
    const { voice, settledMs, time, isBusy = () => false } = this.#stage
    if (this.#owed) await this.#answered(this.#owed.limitMs)
    while (voice.silentForMs < settledMs || isBusy()) {
      if (voice.isSpeaking) await once(voice, 'silent', { signal: this.#over })
      await time.pass(Math.max(BUSY_POLL_MS, settledMs - voice.silentForMs), this.#over)
    }
  }

  async #answered(limitMs: number): Promise<void> {
    if (!this.#stage.voice.isSpeaking && !(await this.#speaksWithin(limitMs)) && this.#owed?.isMust) {
      throw new NoAnswer(`The agent did not answer within ${limitMs / 1_000} s.`)
    }
    this.#owed = undefined
  }

  async #speaksWithin(limitMs: number): Promise<boolean> {
    const { voice, time } = this.#stage
    const decided = new AbortController()
    const signal = AbortSignal.any([this.#over, decided.signal])
    const speaks = once(voice, 'speaks', { signal }).then(() => true)
    const late = time.pass(limitMs, signal).then(() => false)
    try {
      return await Promise.race([speaks, late])
    } finally {
      decided.abort()
      await Promise.allSettled([speaks, late])
    }
  }

  async #overTheAgent(afterMs: number): Promise<void> {
    await this.#answered(this.#owed?.limitMs ?? GREETING_LIMIT_MS)
    // The agent may have spoken for a while already.
    await wait(Math.max(0, afterMs - this.#stage.voice.speakingForMs), undefined, { signal: this.#over })
  }

  async #speak({ utterances, words, told }: Speech): Promise<void> {
    const { call, voice, report, prompt } = this.#stage
    if (words) prompt(words)
    report.callerSpeaks(told, voice.isSpeaking)
    // Everything is queued at once, so that nothing comes between the utterances that the recording does not have.
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
    report.callerDoes(`presses ${keys}`)
    call.press(keys)
    this.#owed = { limitMs: KEYS_LIMIT_MS, isMust: false }
  }

  async #stay(ms: number): Promise<void> {
    const { report } = this.#stage
    await this.#heardOut()
    report.callerDoes(`says nothing for ${ms / 1_000} s`)
    await wait(ms, undefined, { signal: this.#over })
  }
}
