import { agentItem, audioDelta, DELTA_MS, event, newId, response } from './model-events.ts'

/** Audio comes about three times as fast as it is played. */
const PACE = 3

/** The session that an answer speaks in. */
export interface Voice {
  readonly call: number | undefined
  say(event: string): void
  /** Adds an item to the end of the conversation. @returns the id of the item before it; null for the first one */
  addItem(id: string): string | null
}

/** One spoken answer, event by event as the Realtime API sends it. */
export class Answer {
  readonly #voice: Voice
  readonly #deltas: number
  readonly #responseId = newId('resp')
  readonly #itemId = newId('item')
  readonly #previousId: string | null
  readonly #beganAt: number
  #sent = 0
  #transcript = ''
  #isOver = false

  constructor(voice: Voice, deltas: number, now: number) {
    this.#voice = voice
    this.#deltas = deltas
    this.#beganAt = now
    this.#previousId = voice.addItem(this.#itemId)
    const item = agentItem(this.#itemId, 'in_progress', undefined)
    this.#say('response.created', { response: response(this.#responseId, 'in_progress', []) })
    this.#say('response.output_item.added', { ...this.#place(), item })
    this.#say('conversation.item.added', { previous_item_id: this.#previousId, item })
    this.#say('response.content_part.added', { ...this.#part(), part: { type: 'audio', transcript: '' } })
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Sends the events that are due. */
  step(now: number): void {
    while (!this.#isOver && now >= this.#beganAt + (this.#sent * DELTA_MS) / PACE) {
      if (this.#sent === this.#deltas) return this.#end('completed')
      this.#sayDelta()
    }
  }

  /** The caller spoke: the rest of the answer is not generated. */
  cancel(): void {
    if (!this.#isOver) this.#end('cancelled')
  }

  #sayDelta(): void {
    const words = `word${this.#sent} `
    this.#transcript += words
    this.#say('response.output_audio_transcript.delta', { ...this.#part(), delta: words, obfuscation: 'kq3h7Rx' })
    const stamp = { sender: this.#voice.call ?? 0, sequence: this.#sent, sentAt: performance.now() }
    this.#voice.say(audioDelta(this.#responseId, this.#itemId, stamp))
    this.#sent += 1
  }

  #end(status: 'completed' | 'cancelled'): void {
    this.#isOver = true
    const transcript = this.#transcript
    const item = agentItem(this.#itemId, status === 'completed' ? 'completed' : 'incomplete', transcript)
    this.#say('response.output_audio.done', this.#part())
    this.#say('response.output_audio_transcript.done', { ...this.#part(), transcript })
    this.#say('response.content_part.done', { ...this.#part(), part: { type: 'audio', transcript } })
    this.#say('conversation.item.done', { previous_item_id: this.#previousId, item })
    this.#say('response.output_item.done', { ...this.#place(), item })
    this.#say('response.done', { response: response(this.#responseId, status, [item]) })
    const limit = { name: 'tokens', limit: 4_000_000, remaining: 3_999_000, reset_seconds: 0.015 }
    this.#say('rate_limits.updated', { rate_limits: [limit] })
  }

  #place() {
    return { response_id: this.#responseId, output_index: 0 }
  }

  #part() {
    return { response_id: this.#responseId, item_id: this.#itemId, output_index: 0, content_index: 0 }
  }

  #say(type: string, fields: object): void {
    this.#voice.say(event(type, fields))
  }
}
