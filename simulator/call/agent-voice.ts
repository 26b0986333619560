import { EventEmitter } from 'node:events'
import { durationMs } from '../sound/mulaw.ts'
import type { ServerFrame } from '../telephone/telephone.ts'

interface VoiceEvents {
  /** The caller begins to hear the agent. Words that are known come once: an answer that goes on after a gap has none. */
  speaks: [words: string | undefined]
  /** The agent goes on to another answer without a pause. */
  goesOn: [words: string]
  silent: [Utterance]
  /** A `clear` while there was nothing to hear. */
  idleClear: []
  /** A sound of the server's own: it lets the caller wait. */
  tone: [Sound]
}

export interface Utterance {
  readonly heardMs: number
  /** Audio that was cleared unheard, in ms; undefined when the agent spoke to the end. */
  readonly clearedMs: number | undefined
}

/** A sound whose owner is not known yet. */
export interface Sound {
  readonly ms: number
  /** What is played before it. */
  readonly waitsMs: number
  /** When it came (`performance.now()`). */
  readonly cameAt: number
}

/** A shorter gap counts as speech. */
const BREATH_MS = 250
/** The server's own sounds have a mark of this name directly behind them, and leave with it. */
const HOUSE_MARK = /^house:/
const MARK_LIMIT_MS = 10

/** The agent as the caller hears it: from audio that has been played, not that was sent. */
export class AgentVoice extends EventEmitter<VoiceEvents> {
  #startedAt: number | undefined
  #silentSince = performance.now()
  readonly #bufferedMs: () => number
  readonly #takeWords: () => string | undefined
  #ending: NodeJS.Timeout | undefined
  #goingOn: NodeJS.Timeout | undefined
  #unowned: Sound | undefined
  #owning: NodeJS.Timeout | undefined

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

  /** 0 while the agent is silent. */
  get speakingForMs(): number {
    return this.#startedAt === undefined ? 0 : performance.now() - this.#startedAt
  }

  get silentForMs(): number {
    return this.isSpeaking ? 0 : performance.now() - this.#silentSince
  }

  /** Called with each frame before it is played. */
  hear(frame: ServerFrame): void {
    if (frame.event === 'mark' && this.#unowned && HOUSE_MARK.test(frame.mark.name)) {
      const tone = this.#takeUnowned()
      if (tone) this.emit('tone', tone)
      return
    }
    this.#own()
    if (frame.event === 'clear') this.#clear()
    if (frame.event !== 'media') return
    this.#unowned = {
      ms: durationMs(Buffer.from(frame.media.payload, 'base64')),
      waitsMs: this.#bufferedMs(),
      cameAt: performance.now()
    }
    this.#owning = setTimeout(() => this.#own(), MARK_LIMIT_MS)
  }

  /** The call is over: ends a current utterance. */
  stop(): void {
    this.#own()
    if (this.isSpeaking) this.#end(performance.now(), this.#bufferedMs() || undefined)
  }

  /** The last sound had no mark of the server's behind it: it is the agent's. */
  #own(): void {
    const sound = this.#takeUnowned()
    if (sound) this.#play(sound)
  }

  #takeUnowned(): Sound | undefined {
    clearTimeout(this.#owning)
    const sound = this.#unowned
    this.#unowned = undefined
    return sound
  }

  #play({ ms, waitsMs }: Sound): void {
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
