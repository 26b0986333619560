import * as cues from '../agent/cues.ts'
import { DIED } from '../model/errors.ts'
import type { Base64 } from '../wire/base64.ts'
import type { ModelLink } from './model-link.ts'
import type { Playback } from './playback.ts'
import { RecentAudio } from './recent-audio.ts'
import { type Memory, Transcript } from './transcript.ts'

/**
 * What a call remembers, so that a model that has to start anew can go on: what was said and heard, as text, and the
 * caller's last words, as sound, for as long as nobody has understood them.
 */
export class Conversation {
  readonly transcript: Transcript
  readonly #recent = new RecentAudio()

  constructor(playback: Playback) {
    this.transcript = new Transcript((itemId) => playback.heard(itemId))
  }

  /** Words of the caller that no model has understood yet: the next one hears them again. */
  get hasUnheardWords(): boolean {
    return this.#recent.isOpen
  }

  /** Follows what the model hears and says. Called before anybody is told of it. */
  follow(link: ModelLink): void {
    const { transcript } = this
    const recent = this.#recent
    const { transport } = link
    link.on('alive', () => recent.alive())
    link.on('lost', ({ trouble, code }) => {
      // A clean close (not 1006): the model has read everything that was sent before it.
      if (trouble === 'closed' && code !== DIED) recent.read()
    })
    transport.onModel('input_audio_buffer.speech_started', () => recent.speechStarted())
    transport.onModel('input_audio_buffer.speech_stopped', () => recent.speechStopped())
    transport.onModel('input_audio_buffer.committed', ({ item_id }) => transcript.callerTurn(item_id))
    transport.onModel('conversation.item.input_audio_transcription.completed', (event) => {
      transcript.callerWords(event.item_id, event.transcript)
      recent.understood()
    })
    transport.onModel('response.output_audio_transcript.delta', (event) => {
      transcript.agentWords(event.item_id, event.delta)
    })
    transport.onModel('response.done', ({ response }) => {
      if (response.status === 'completed') recent.understood()
    })
  }

  /** The caller's audio, on its way to the model. */
  hear(audio: Base64): void {
    this.#recent.push(audio)
  }

  /** What the last model took with it, to be heard again; undefined when there is nothing. */
  takeUnheard(): Base64 | undefined {
    return this.#recent.take()
  }

  /** What a session that begins anew has to be told. @param running the tools that have not answered yet */
  memory(running: readonly string[]): readonly Memory[] {
    // The last words are given again as sound, so their empty place in the conversation is not.
    if (this.#recent.isOpen) this.transcript.forgetUnknownWords()
    const pending = running.map((name, index) => {
      return { id: `running_${index}`, who: 'note', text: cues.toolRunning(name) } as const
    })
    return [...this.transcript.memory, ...pending]
  }
}
