import { BYTES_PER_MS } from '../sound/mulaw.ts'
import { ApiError } from './api-error.ts'
import type { MessageItem } from './conversation.ts'
import { newId } from './ids.ts'
import type { Line } from './line.ts'
import type { TurnDetection } from './session-config.ts'
import { Tape } from './tape.ts'
import { VoiceActivity, type VoiceSettings } from './voice-activity.ts'

const PREFIX_MS = 300
/** The real semantic_vad judges by meaning; here a pause of this length ends a turn. */
const SEMANTIC_SILENCE_MS = 600
const SHORTEST_COMMIT_MS = 100

export interface InputListener {
  onSpeech(): void
  /** @param byVoice whether a silence ended the turn, not the client's commit */
  onTurn(item: MessageItem, byVoice: boolean): void
}

interface Speech {
  readonly itemId: string
  readonly startMs: number
  /** The scene began this speech and alone ends it; sound on the line is ignored. */
  readonly forced: boolean
}

/** The input audio buffer: the appended audio, the current speech in it, and the user items made from it. */
export class InputAudio {
  readonly tape: Tape
  appends = 0
  #speech: Speech | undefined
  /** Audio up to this byte is committed or cleared. */
  #takenBytes = 0
  readonly #voice = new VoiceActivity()
  readonly #line: Line
  readonly #listener: InputListener

  constructor(line: Line, listener: InputListener) {
    this.#line = line
    this.#listener = listener
    this.tape = new Tape(line.knobs.keepAudio)
  }

  append(audio: Buffer): void {
    this.appends++
    this.tape.append(audio)
    const { turn_detection } = this.#line.config.audio.input
    if (!this.#line.knobs.vad || !turn_detection || this.#speech?.forced) return this.#voice.reset(this.tape.length)
    this.#voice.feed(audio, settingsOf(turn_detection), {
      onStart: (atMs) => this.startSpeech(atMs),
      onStop: (atMs) => this.stopSpeech(atMs)
    })
  }

  /** @returns the id the committed item will have */
  startSpeech(atMs: number, forced = false): string {
    if (this.#speech) {
      this.#speech = { ...this.#speech, forced: this.#speech.forced || forced }
      return this.#speech.itemId
    }
    const detection = this.#line.config.audio.input.turn_detection
    const prefixMs = detection?.type === 'server_vad' ? detection.prefix_padding_ms : PREFIX_MS
    const startMs = Math.max(Math.floor(atMs - prefixMs), Math.ceil(this.#takenBytes / BYTES_PER_MS))
    const itemId = newId('item')
    this.#speech = { itemId, startMs, forced }
    this.#line.emit('input_audio_buffer.speech_started', { audio_start_ms: startMs, item_id: itemId })
    this.#listener.onSpeech()
    return itemId
  }

  stopSpeech(atMs: number): void {
    const speech = this.#speech
    if (!speech) return
    this.#line.emit('input_audio_buffer.speech_stopped', { audio_end_ms: Math.floor(atMs), item_id: speech.itemId })
    this.#commit(speech.itemId, speech.startMs * BYTES_PER_MS, Math.floor(atMs) * BYTES_PER_MS, true)
  }

  /** The client's own commit, for sessions without turn detection. */
  commit(): void {
    const ms = (this.tape.length - this.#takenBytes) / BYTES_PER_MS
    if (ms < SHORTEST_COMMIT_MS) {
      const message = `Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has ${ms.toFixed(2)}ms of audio.`
      throw new ApiError('input_audio_buffer_commit_empty', message)
    }
    this.#commit(this.#speech?.itemId ?? newId('item'), this.#takenBytes, this.tape.length, false)
  }

  clear(): void {
    this.#takenBytes = this.tape.length
    this.#endSpeech()
    this.#line.emit('input_audio_buffer.cleared', {})
  }

  #commit(id: string, from: number, to: number, byVoice: boolean): void {
    this.#takenBytes = to
    this.#endSpeech()
    const item: MessageItem = {
      id,
      object: 'realtime.item',
      type: 'message',
      status: 'completed',
      role: 'user',
      content: [{ type: 'input_audio', transcript: null }]
    }
    const { conversation } = this.#line
    const previous_item_id = conversation.last?.id ?? null
    this.#line.emit('input_audio_buffer.committed', { previous_item_id, item_id: id })
    conversation.add(item, null, this.tape.slice(from, to), (to - from) / BYTES_PER_MS)
    this.#line.emit('conversation.item.added', { previous_item_id, item })
    this.#line.emit('conversation.item.done', { previous_item_id, item })
    this.#listener.onTurn(item, byVoice)
  }

  #endSpeech(): void {
    // Sound was ignored while the scene spoke, so detection starts anew here.
    if (this.#speech?.forced) this.#voice.reset(this.tape.length)
    this.#speech = undefined
  }
}

function settingsOf(detection: TurnDetection): VoiceSettings {
  if (detection.type === 'semantic_vad') return { threshold: 0.5, silenceMs: SEMANTIC_SILENCE_MS }
  return { threshold: detection.threshold, silenceMs: detection.silence_duration_ms }
}
