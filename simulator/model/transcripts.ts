import type { Line } from './line.ts'
import { transcriptionUsage } from './usage.ts'

/** Nobody told the model what was said: it has no ears for words. */
const UNKNOWN = '[speech]'

/** The words of spoken items: handed over by whoever plays the caller, told to the client where it asked for them. */
export class Transcripts {
  readonly #coming: string[] = []
  readonly #heard = new Map<string, string>()
  readonly #line: Line
  readonly #elsewhere: () => string | undefined

  /** @param elsewhere asked when no words were left for this session */
  constructor(line: Line, elsewhere: () => string | undefined) {
    this.#line = line
    this.#elsewhere = elsewhere
  }

  /** By item id, also where the session asked for no transcription. */
  get heard(): ReadonlyMap<string, string> {
    return this.#heard
  }

  /** For the next turn but those already waiting. */
  add(words: string): void {
    this.#coming.push(words)
  }

  /** For the very next turn. */
  addFirst(words: string): void {
    this.#coming.unshift(words)
  }

  take(itemId: string): void {
    this.#heard.set(itemId, this.#coming.shift() ?? this.#elsewhere() ?? UNKNOWN)
  }

  /** Tells all at once, as whisper-1 does. */
  tell(item_id: string): void {
    const { config, conversation, knobs } = this.#line
    if (!config.audio.input.transcription || !conversation.has(item_id)) return
    const transcript = this.#heard.get(item_id) ?? UNKNOWN
    const ids = { item_id, content_index: 0 }
    const usage = transcriptionUsage(knobs.transcriptionUsage, conversation.audioMs(item_id), transcript)
    conversation.setTranscript(item_id, transcript)
    this.#line.emit('conversation.item.input_audio_transcription.delta', { ...ids, delta: transcript })
    this.#line.emit('conversation.item.input_audio_transcription.completed', { ...ids, transcript, usage })
  }
}
