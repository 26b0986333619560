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
 * Who is speaking, what runs and what is owed: kept in one place, because the silence watch, the goodbye, the resumption
 * and the renewal all ask. Says `quiet` and `busy` when the line becomes the one or the other, `waiting` and `served` when
 * the caller begins and ceases to wait for the agent.
 */
export class Activity {
  /** The model hears the caller. */
  isCallerSpeaking = false
  /** The model works on an answer. */
  isResponding = false
  /** Turns that the caller has finished. */
  callerTurns = 0
  /** The answer that runs, or the last one, has words and is not only a tool call. */
  hasWords = false
  /** The model was lost in the middle of an answer that had words already, and no answer was finished since. */
  isCutShort = false
  /** Whether what the caller says is merely a sound that lets the agent go on; see turn-taking.ts. */
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
    journal.on('caller_speaking', () => this.#set({ isCallerSpeaking: true }))
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
      // What came to be owed while it ran (a tool has answered, a question is to be asked) is for the next one.
      if (status !== 'failed' && this.#owed?.isBeingGiven) this.#owed = undefined
      this.isCutShort = false
      this.#set({ isResponding: false })
    })
    // What is owed stays owed: the next model has to answer it.
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

  /** An answer that has not been finished: what the agent was asked to say, or the caller's turn. */
  get owed(): { readonly instructions: string | undefined } | undefined {
    return this.#owed
  }

  get isToolRunning(): boolean {
    return this.#toolsRunning > 0
  }

  /** The caller speaks, and it is not merely a sound that lets the agent go on. */
  get hasCallerTheFloor(): boolean {
    return this.isCallerSpeaking && !this.isOnlyASound()
  }

  /** The caller hears the agent, or soon will. */
  get isAgentSpeaking(): boolean {
    return this.isResponding || this.#port.playback.isAgentPlaying
  }

  /**
   * Since when the caller hears nothing although there is no model, or an answer is owed to them that they do not delay
   * themselves; undefined while they do not wait. On the clock of `performance.now()`.
   */
  get waitingSince(): number | undefined {
    return this.#waitingSince
  }

  /** Nobody speaks, nothing runs, nothing is owed. */
  get isQuiet(): boolean {
    return this.#isQuiet
  }

  /** An answer is owed from now on, until one is finished. */
  owe(instructions: string | undefined): void {
    this.#owed = { instructions, isBeingGiven: false }
    this.#port.journal.emit({ type: 'answer_owed' })
    this.#changed()
  }

  /** A request was refused because another answer ran: that one is not what was asked for. */
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
