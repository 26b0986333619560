import type { Call } from './call.ts'

/**
 * Who is speaking, what runs and what is owed: kept in one place, because the silence watch, the goodbye, the resumption
 * and the renewal all ask. Says `quiet` and `busy` when the line becomes the one or the other.
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
  readonly #call: Call
  #toolsRunning = 0
  #owed: { readonly instructions: string | undefined; isBeingGiven: boolean } | undefined
  #isQuiet = false
  #waitingSince: number | undefined

  constructor(call: Call) {
    this.#call = call
    const { facts } = call
    facts.on('accepted', () => this.#changed())
    facts.on('live', () => this.#changed())
    facts.on('modelBack', () => this.#changed())
    facts.on('agentHeard', () => this.#changed())
    facts.on('agentSilent', () => this.#changed())
    facts.on('callerSpeaking', () => this.#set({ isCallerSpeaking: true }))
    facts.on('callerSilent', () => {
      this.callerTurns += 1
      this.#set({ isCallerSpeaking: false })
    })
    facts.on('responseStarted', () => {
      this.hasWords = false
      if (this.#owed) this.#owed.isBeingGiven = true
      this.#set({ isResponding: true })
    })
    facts.on('agentWords', () => {
      this.hasWords = true
    })
    facts.on('responseFinished', ({ status }) => {
      // What came to be owed while it ran (a tool has answered, a question is to be asked) is for the next one.
      if (status !== 'failed' && this.#owed?.isBeingGiven) this.#owed = undefined
      this.isCutShort = false
      this.#set({ isResponding: false })
    })
    // What is owed stays owed: the next model has to answer it.
    facts.on('modelLost', () => {
      this.isCutShort ||= this.isResponding && this.hasWords
      this.#set({ isCallerSpeaking: false, isResponding: false })
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
    return this.isCallerSpeaking && !this.#call.transport.holdInterruption()
  }

  /** The caller hears the agent, or soon will. */
  get isAgentSpeaking(): boolean {
    return this.isResponding || this.#call.stream.playback.isAgentPlaying
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
    this.#call.facts.emit('answerOwed')
    this.#changed()
  }

  /** A request was refused because another answer ran: that one is not what was asked for. */
  refused(): void {
    if (this.#owed) this.#owed.isBeingGiven = false
  }

  toolStarted(): void {
    this.#toolsRunning += 1
    this.#changed()
  }

  toolFinished(): void {
    this.#toolsRunning -= 1
    this.#changed()
  }

  #set(change: { isCallerSpeaking?: boolean; isResponding?: boolean }): void {
    Object.assign(this, change)
    this.#changed()
  }

  #changed(): void {
    const { name } = this.#call.state
    const isLive = name === 'live'
    this.#noteWaiting(name === 'connecting' || name === 'reconnecting', isLive)
    const isBusy = this.isCallerSpeaking || this.isAgentSpeaking || this.isToolRunning || this.#owed !== undefined
    const isQuiet = isLive && !isBusy
    if (isQuiet === this.#isQuiet) return
    this.#isQuiet = isQuiet
    this.#call.facts.emit(isQuiet ? 'quiet' : 'busy')
  }

  #noteWaiting(isModelAway: boolean, isLive: boolean): void {
    const isDue = this.#owed !== undefined || this.isResponding
    const isDelayed = this.isCallerSpeaking || this.isToolRunning
    const isHeard = this.#call.stream.playback.isAgentPlaying
    const isWaiting = !isHeard && (isModelAway || (isLive && isDue && !isDelayed))
    if (isWaiting === (this.#waitingSince !== undefined)) return
    this.#waitingSince = isWaiting ? performance.now() : undefined
    this.#call.facts.emit(isWaiting ? 'waiting' : 'served')
  }
}
