import { EventEmitter } from 'node:events'
import { durationMs } from '../sound/mulaw.ts'
import type { ServerFrame } from '../telephone/telephone.ts'

interface VoiceEvents {
  /** The caller begins to hear the agent. */
  speaks: [words: string | undefined]
  /** The agent goes on to another answer without a pause. */
  goesOn: [words: string]
  silent: [Utterance]
  /** A `clear` while there was nothing to hear. */
  idleClear: []
}

export interface Utterance {
  readonly heardMs: number
  /** Audio that was cleared unheard, in ms; undefined when the agent spoke to the end. */
  readonly clearedMs: number | undefined
}

/** A shorter gap counts as speech. */
const BREATH_MS = 250

/** The agent as the caller hears it: from audio that has been played, not that was sent. */
export class AgentVoice extends EventEmitter<VoiceEvents> {
  #startedAt: number | undefined
  #silentSince = performance.now()
  readonly #bufferedMs: () => number
  readonly #takeWords: () => string | undefined
  #ending: NodeJS.Timeout | undefined
  #goingOn: NodeJS.Timeout | undefined

  /**
   * @param bufferedMs sound at Twilio that was not heard yet, in ms
   * @param takeWords the words of the answer that begins; undefined when they are not known
   */
  constructor(bufferedMs: () => number, takeWords: () => string | undefined) {
    super()
    this.#bufferedMs = bufferedMs
    this.#takeWords = takeWords
  }

  get isSpeaking(): boolean {
    return this.#startedAt !== undefined
  }

  get silentForMs(): number {
    return this.isSpeaking ? 0 : performance.now() - this.#silentSince
  }

  /** Called with each frame before it is played. */
  hear(frame: ServerFrame): void {
    if (frame.event === 'media') this.#play(durationMs(Buffer.from(frame.media.payload, 'base64')))
    else if (frame.event === 'clear') this.#clear()
  }

  /** The call is over: ends a current utterance. */
  stop(): void {
    if (this.isSpeaking) this.#end(performance.now(), this.#bufferedMs() || undefined)
  }

  #play(ms: number): void {
    const waitsMs = this.#bufferedMs()
    const words = this.#takeWords()
    if (this.#startedAt === undefined) {
      this.#startedAt = performance.now()
      this.emit('speaks', words)
    } else if (words !== undefined) {
      this.#goingOn = setTimeout(() => this.emit('goesOn', words), waitsMs)
    }
    clearTimeout(this.#ending)
    this.#ending = setTimeout(() => this.#end(performance.now() - BREATH_MS), waitsMs + ms + BREATH_MS)
  }

  #clear(): void {
    if (this.isSpeaking) this.#end(performance.now(), this.#bufferedMs())
    else this.emit('idleClear')
  }

  #end(at: number, clearedMs?: number): void {
    clearTimeout(this.#ending)
    clearTimeout(this.#goingOn)
    const heardMs = at - (this.#startedAt ?? at)
    this.#startedAt = undefined
    this.#silentSince = at
    this.emit('silent', { heardMs, clearedMs })
  }
}
