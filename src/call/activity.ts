import type { Journal } from './journal.ts'
import type { Playback } from './playback.ts'
import type { CallState } from './state.ts'

/** What the activity needs of its call. */
interface Port {
  readonly journal: Journal
  readonly playback: Playback
  readonly stateName: () => CallState['name']
}

/**
 * The activity of a call: who is speaking, which tools run and which answer is owed. It is one class because the
 * silence watch, the goodbye, the resumption and the session's renewal all read it. It emits `quiet` and `busy` when
 * the line becomes quiet or busy, and `waiting` and `served` when the caller begins and stops waiting for the agent.
 */
export class Activity {
  /** The model hears the caller. */
  isCallerSpeaking = false
  /** The model generates an answer. */
  isResponding = false
  /** Turns that the caller has finished. */
  callerTurns = 0
  /** The current answer, or the last one, has words and is not only a tool call. */
  hasWords = false
  /** The model was lost during an answer that had words already, and no answer has been finished since. */
  isCutShort = false
  /** The caller's speech now, or the last; points in ms since the first `start`. */
  speech: { readonly turn: string; readonly voiceStartMs: number; readonly vadStartMs: number } | undefined
  /** Whether the caller's speech is too little to stop the agent; set by turn-taking.ts. */
  isOnlyASound: () => boolean = () => false
  readonly #port: Port
  #toolsRunning = 0
  #owed: { readonly instructions: string | undefined; isBeingGiven: boolean } | undefined
  #isQuiet = false
  #waitingSince: number | undefined

  constructor(port: Port) {
    this.#port = port
    const { journal } = port
    const changed = () => this.#changed()
    journal.on('accepted', changed)
    journal.on('live', changed)
    journal.on('model_back', changed)
    journal.on('agent_heard', changed)
    journal.on('agent_silent', changed)
    journal.on('caller_speaking', ({ turn, voicedMs }) => {
      const vadStartMs = journal.msOf()
      this.speech = { turn, vadStartMs, voiceStartMs: vadStartMs - voicedMs }
      this.#set({ isCallerSpeaking: true })
    })
    journal.on('caller_silent', () => {
      this.callerTurns += 1
      this.#set({ isCallerSpeaking: false })
    })
    journal.on('turn_forgotten', () => {
      this.callerTurns -= 1
    })
    journal.on('answer_started', () => {
      this.hasWords = false
      if (this.#owed) this.#owed.isBeingGiven = true
      this.#set({ isResponding: true })
    })
    journal.on('agent_delta', () => {
      this.hasWords = true
    })
    journal.on('answer_finished', ({ status }) => {
      // An answer that came to be owed meanwhile (a tool answered, a question is to be asked) is left to the next
      // response.
      if (status !== 'failed' && this.#owed?.isBeingGiven) this.#owed = undefined
      this.isCutShort = false
      this.#set({ isResponding: false })
    })
    // `#owed` is kept: the new session has to give that answer.
    journal.on('model_lost', () => {
      this.isCutShort ||= this.isResponding && this.hasWords
      this.#set({ isCallerSpeaking: false, isResponding: false })
    })
    journal.on('tool_started', () => {
      this.#toolsRunning += 1
      this.#changed()
    })
    journal.on('tool_finished', () => {
      this.#toolsRunning -= 1
      this.#changed()
    })
  }

  /** The answer that is owed and not finished: what the agent was asked to say, or the answer to the caller's turn. */
  get owed(): { readonly instructions: string | undefined } | undefined {
    return this.#owed
  }

  get isToolRunning(): boolean {
    return this.#toolsRunning > 0
  }

  /** The caller speaks, and `isOnlyASound` is false. */
  get hasCallerTheFloor(): boolean {
    return this.isCallerSpeaking && !this.isOnlyASound()
  }

  /** An answer of the agent's is being generated or played. */
  get isAgentSpeaking(): boolean {
    return this.isResponding || this.#port.playback.isAgentPlaying
  }

  /**
   * When the caller began to wait, on the clock of `performance.now()`: nothing is heard, and there is no model or an
   * answer is owed that the caller's own speech does not delay. Undefined while the caller does not wait.
   */
  get waitingSince(): number | undefined {
    return this.#waitingSince
  }

  /** Neither side speaks, no tool runs and no answer is owed. */
  get isQuiet(): boolean {
    return this.#isQuiet
  }

  /** An answer is owed from now on, until one is finished. */
  owe(instructions: string | undefined): void {
    this.#owed = { instructions, isBeingGiven: false }
    this.#port.journal.emit({ type: 'answer_owed' })
    this.#changed()
  }

  /** The model refused the request because another response was running. That response is not the owed answer. */
  refused(): void {
    if (this.#owed) this.#owed.isBeingGiven = false
  }

  #set(change: { isCallerSpeaking?: boolean; isResponding?: boolean }): void {
    Object.assign(this, change)
    this.#changed()
  }

  #changed(): void {
    const name = this.#port.stateName()
    const isLive = name === 'live'
    this.#noteWaiting(name === 'connecting' || name === 'reconnecting', isLive)
    const isBusy = this.isCallerSpeaking || this.isAgentSpeaking || this.isToolRunning || this.#owed !== undefined
    const isQuiet = isLive && !isBusy
    if (isQuiet === this.#isQuiet) return
    this.#isQuiet = isQuiet
    this.#port.journal.emit({ type: isQuiet ? 'quiet' : 'busy' })
  }

  #noteWaiting(isModelAway: boolean, isLive: boolean): void {
    const isDue = this.#owed !== undefined || this.isResponding
    const isDelayed = this.isCallerSpeaking || this.isToolRunning
    const isWaiting = !this.#port.playback.isAgentPlaying && (isModelAway || (isLive && isDue && !isDelayed))
    if (isWaiting === (this.#waitingSince !== undefined)) return
    this.#waitingSince = isWaiting ? performance.now() : undefined
    this.#port.journal.emit({ type: isWaiting ? 'waiting' : 'served' })
  }
}
