import * as cues from '../agent/cues.ts'
import type { Memory } from './admission.ts'
import type { Journal } from './journal.ts'
import type { Heard } from './playback.ts'

/** One turn of the conversation, as it was heard on the line. */
export interface Turn {
  /** The model's item id; unique within a call. */
  readonly id: string
  readonly who: 'caller' | 'agent'
  /** The words; of the agent's only those that were played. Undefined when the words are not known, or not yet. */
  readonly text: string | undefined
  /** The caller interrupted the turn, so the rest was never heard. */
  readonly cut: boolean
}

interface Entry {
  readonly id: string
  readonly who: 'caller' | 'agent' | 'note'
  text: string | undefined
}

/**
 * What was said on the call, in order: the caller's words as they were transcribed, the agent's as they were played,
 * and notes (tool outcomes, things the agent was told). A session that takes over gets all of it.
 */
export class Transcript {
  readonly #entries: Entry[] = []
  readonly #heard: (itemId: string) => Heard | undefined
  readonly #forgotten = new Set<string>()
  #notes = 0

  /** @param heard how much of an item was played; asked each time instead of kept */
  constructor(heard: (itemId: string) => Heard | undefined) {
    this.#heard = heard
  }

  /**
   * Fills the transcript from the journal. Call it before other listeners are added, because they read the transcript.
   */
  follow(journal: Journal): void {
    journal.on('caller_turn', ({ turn }) => this.callerTurn(turn))
    journal.on('caller_words', ({ turn, text }) => {
      if (text !== undefined) this.callerWords(turn, text)
    })
    journal.on('agent_delta', ({ turn, text }) => this.agentWords(turn, text))
    journal.on('turn_forgotten', ({ turn }) => this.forget(turn))
  }

  /** The caller finished a turn. Its words come later, or never. */
  callerTurn(id: string): void {
    this.#entry(id, 'caller')
  }

  /** The transcription of a turn, which comes later than the turn, also for a forgotten turn. */
  callerWords(id: string, text: string): void {
    if (!this.#forgotten.has(id)) this.#entry(id, 'caller').text = text.trim()
  }

  agentWords(id: string, delta: string): void {
    const entry = this.#entry(id, 'agent')
    entry.text = (entry.text ?? '') + delta
  }

  /** Adds a note for a session that takes over. */
  note(text: string): void {
    this.#notes += 1
    this.#entries.push({ id: `note_${this.#notes}`, who: 'note', text })
  }

  /** Adds the conversation from before the caller came back on the same call. */
  recall(memory: readonly Memory[]): void {
    for (const { who, text } of memory) this.note(who === 'note' ? text : cues.saidEarlier[who](text))
  }

  forget(id: string): void {
    this.#forgotten.add(id)
    const index = this.#entries.findIndex((entry) => entry.id === id)
    if (index >= 0) this.#entries.splice(index, 1)
  }

  /** Removes the caller's last turn when it has no words: the session gets it as sound. */
  forgetUnknownWords(): void {
    const last = this.#entries.findLastIndex((entry) => entry.who === 'caller')
    if (last >= 0 && this.#entries[last]?.text === undefined) this.#entries.splice(last, 1)
  }

  /** The turns of both sides. An answer of which nothing was heard is left out. */
  get turns(): Turn[] {
    return this.#entries.flatMap((entry) => {
      if (entry.who === 'note') return []
      const turn = entry.who === 'caller' ? callerTurn(entry) : this.#agentTurn(entry)
      return turn ? [turn] : []
    })
  }

  /** Turns and notes, in order, for a session that takes over. */
  get memory(): readonly Memory[] {
    return this.#entries.flatMap((entry): Memory[] => {
      if (entry.who === 'note') return [{ id: entry.id, who: 'note', text: entry.text ?? '' }]
      const turn = entry.who === 'caller' ? callerTurn(entry) : this.#agentTurn(entry)
      if (!turn) return []
      const words = turn.text ?? cues.unknownWords
      return [{ id: entry.id, who: turn.who, text: turn.cut ? `${words} […]` : words }]
    })
  }

  #agentTurn(entry: Entry): Turn | undefined {
    const heard = this.#heard(entry.id)
    if (!heard) return undefined
    if (!heard.cut) return { id: entry.id, who: 'agent', text: entry.text, cut: false }
    const text = upToShare(entry.text ?? '', heard.playedMs / heard.sentMs)
    return text === '' ? undefined : { id: entry.id, who: 'agent', text, cut: true }
  }

  #entry(id: string, who: 'caller' | 'agent'): Entry {
    // Searched from the end, because it is one of the last few.
    const known = this.#entries.findLast((entry) => entry.id === id)
    if (known) return known
    const before = this.#entries.at(-1)
    if (before?.who === 'agent' && before.text !== undefined) before.text = inOnePiece(before.text)
    const entry: Entry = { id, who, text: undefined }
    this.#entries.push(entry)
    return entry
  }
}

/** Copies a text into one flat string: V8 keeps a text that grew by `+=` as a tree of all its parts. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString()
}

function callerTurn({ id, text }: Entry): Turn {
  return { id, who: 'caller', text, cut: false }
}

/** The beginning of a text, by the share (0 to 1) of its audio that was played, cut after a whole word. */
export function upToShare(text: string, share: number): string {
  const end = Math.floor(text.length * Math.min(1, share))
  if (end >= text.length) return text
  return text.slice(0, Math.max(0, text.lastIndexOf(' ', end))).trimEnd()
}
