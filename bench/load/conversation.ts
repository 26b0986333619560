import { Answer, type Voice } from './answer.ts'
import { callerItem, event, newId } from './model-events.ts'

/** One turn of each side: the agent speaks for 40 % of the time. */
const CYCLE_MS = 6_000
/** 2.4 s of speech. */
const DELTAS = 12
/** When the caller interrupts: while the answer is still generated, or, mostly, when only its playback is left. */
const BARGE_IN_MS = { generating: 500, playing: 1_200 }
const CALLER_SPEAKS_MS = 3_400
const CALLER_SILENT_MS = 5_000

/** What a conversation needs of its session. */
export interface Party extends Voice {
  spokenOver(): void
}

/** An endless conversation: every second answer is interrupted. It is the same for every server. */
export class Conversation {
  readonly #party: Party
  #startAt: number
  #cycle = 0
  #phase: 'waiting' | 'agent' | 'caller' = 'waiting'
  #answer: Answer | undefined
  #itemId = ''

  /** @param startAt on the clock of `step`; calls begin at different times, which spreads the work */
  constructor(party: Party, startAt: number) {
    this.#party = party
    this.#startAt = startAt
    // Callers start at different places of the conversation, so that a short window contains all of it.
    this.#cycle = (party.call ?? 0) % 4
  }

  /** The item of the caller's last turn. */
  get callersItem(): string {
    return this.#itemId
  }

  static spread(call: number): number {
    return ((call * 0.618_033_988_749_895) % 1) * CYCLE_MS
  }

  step(now: number): void {
    this.#answer?.step(now)
    const into = now - this.#startAt
    if (this.#phase === 'waiting' && into >= 0) return this.#agentSpeaks(now)
    if (this.#phase === 'agent' && into >= this.#callerSpeaksAt) return this.#callerSpeaks()
    if (this.#phase === 'caller' && into >= CALLER_SILENT_MS) return this.#callerIsSilent()
  }

  get #callerSpeaksAt(): number {
    if (this.#cycle % 2 === 0) return CALLER_SPEAKS_MS
    return this.#cycle % 4 === 1 ? BARGE_IN_MS.playing : BARGE_IN_MS.generating
  }

  #agentSpeaks(now: number): void {
    this.#phase = 'agent'
    this.#answer = new Answer(this.#party, DELTAS, now)
  }

  #callerSpeaks(): void {
    this.#phase = 'caller'
    this.#itemId = newId('item')
    if (this.#cycle % 2 === 1) this.#party.spokenOver()
    this.#party.say(event('input_audio_buffer.speech_started', { item_id: this.#itemId, audio_start_ms: 0 }))
    this.#answer?.cancel()
  }

  #callerIsSilent(): void {
    const item_id = this.#itemId
    const { say } = this.#party
    const previous_item_id = this.#party.addItem(item_id)
    say(event('input_audio_buffer.speech_stopped', { item_id, audio_end_ms: 1_000 }))
    say(event('input_audio_buffer.committed', { item_id, previous_item_id }))
    say(event('conversation.item.added', { previous_item_id, item: callerItem(item_id, null) }))
    say(event('conversation.item.done', { previous_item_id, item: callerItem(item_id, null) }))
    const heard = { item_id, content_index: 0, transcript: TRANSCRIPT, usage: { type: 'duration', seconds: 1 } }
    say(event('conversation.item.input_audio_transcription.completed', heard))
    this.#phase = 'waiting'
    this.#startAt += CYCLE_MS
    this.#cycle += 1
  }
}

export const TRANSCRIPT = 'I would like to move my appointment to Thursday.'
