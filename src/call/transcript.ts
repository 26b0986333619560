import * as cues from '../agent/cues.ts'
import type { Memory } from './admission.ts'
import type { Journal } from './journal.ts'
import type { Heard } from './playback.ts'

/** One turn of the conversation, as it took place on the line. */
export interface Turn {
  /** The model's item id; unique within a call. */
  readonly id: string
  readonly who: 'caller' | 'agent'
  /** What was said; of the agent's only what was heard. `undefined` when the words are not known (yet). */
  readonly text: string | undefined
  /** The caller spoke over it, so that the rest was never heard. */
  readonly cut: boolean
}

interface Entry {
  readonly id: string
  readonly who: 'caller' | 'agent' | 'note'
  text: string | undefined
}

/**
 * What was said on the call, in order: the caller's words as they were transcribed, the agent's as they were heard, and
 * notes (tool outcomes, things the agent was told), which are the conversation's memory when the model has to start anew.
 */
export class Transcript {
  readonly #entries: Entry[] = []
  readonly #heard: (itemId: string) => Heard | undefined
  readonly #forgotten = new Set<string>()
  #notes = 0

  /** @param heard what was played of an item; the transcript asks it rather than keep a copy */
  constructor(heard: (itemId: string) => Heard | undefined) {
    this.#heard = heard
  }

  /** Writes down what is said on a call. Before the other listeners: they ask it. */
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

  /** The words of a turn come later than the turn, also those of one that was forgotten. */
  callerWords(id: string, text: string): void {
    if (!this.#forgotten.has(id)) this.#entry(id, 'caller').text = text.trim()
  }

  agentWords(id: string, delta: string): void {
    const entry = this.#entry(id, 'agent')
    entry.text = (entry.text ?? '') + delta
  }

  /** Something that a model has to know when it takes over. */
  note(text: string): void {
    this.#notes += 1
    this.#entries.push({ id: `note_${this.#notes}`, who: 'note', text })
  }

  /** What was said before, when the caller comes back on the same call. */
  recall(memory: readonly Memory[]): void {
    for (const { who, text } of memory) this.note(who === 'note' ? text : cues.saidEarlier[who](text))
  }

  forget(id: string): void {
    this.#forgotten.add(id)
    const index = this.#entries.findIndex((entry) => entry.id === id)
    if (index >= 0) this.#entries.splice(index, 1)
  }

  /** The last turn's words are not known and are about to be heard again. */
  forgetUnknownWords(): void {
    const last = this.#entries.findLastIndex((entry) => entry.who === 'caller')
    if (last >= 0 && this.#entries[last]?.text === undefined) this.#entries.splice(last, 1)
  }

  /** Both sides' turns. An answer of which nothing was heard did not take place. */
  get turns(): Turn[] {
    return this.#entries.flatMap((entry) => {
      if (entry.who === 'note') return []
      const turn = entry.who === 'caller' ? callerTurn(entry) : this.#agentTurn(entry)
      return turn ? [turn] : []
    })
  }

  /** Turns and notes, in order, for a model that has to go on from here. */
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
    // From the end: it is the last one, or one of the last few.
    const known = this.#entries.findLast((entry) => entry.id === id)
    if (known) return known
    const before = this.#entries.at(-1)
    if (before?.who === 'agent' && before.text !== undefined) before.text = inOnePiece(before.text)
    const entry: Entry = { id, who, text: undefined }
    this.#entries.push(entry)
    return entry
  }
}

/** A text that grew word by word is kept by V8 as a tree of all its words. */
function inOnePiece(text: string): string {
  return Buffer.from(text).toString()
}

function callerTurn({ id, text }: Entry): Turn {
  return { id, who: 'caller', text, cut: false }
}

/** The beginning of a text by the share of its audio that was played, down to a whole word. */
export function upToShare(text: string, share: number): string {
  const end = Math.floor(text.length * Math.min(1, share))
  if (end >= text.length) return text
  return text.slice(0, Math.max(0, text.lastIndexOf(' ', end))).trimEnd()
}
