import type { Line } from './line.ts'
import { transcriptionUsage } from './usage.ts'

/** The transcript of a turn without given words: the practice model does not recognise speech. */
const UNKNOWN = '[speech]'

/**
 * The words of spoken items. The test that plays the caller gives them; the client gets them where it asked for
 * transcription.
 */
export class Transcripts {
  readonly #coming: string[] = []
  readonly #heard = new Map<string, string>()
  readonly #line: Line
  readonly #elsewhere: () => string | undefined

  /** @param elsewhere called when this session has no words left */
  constructor(line: Line, elsewhere: () => string | undefined) {
    this.#line = line
    this.#elsewhere = elsewhere
  }

  /** Words by item id, also without transcription. */
  get heard(): ReadonlyMap<string, string> {
    return this.#heard
  }

  /** Adds words after those that wait already. */
  add(words: string): void {
    this.#coming.push(words)
  }

  /** Adds words for the very next turn. */
  addFirst(words: string): void {
    this.#coming.unshift(words)
  }

  take(itemId: string): void {
    this.#heard.set(itemId, this.#coming.shift() ?? this.#elsewhere() ?? UNKNOWN)
  }

  /** Sends the whole transcript at once, as whisper-1 does. */
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
