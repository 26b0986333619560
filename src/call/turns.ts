import type { CallEvent } from './events.ts'
import type { Entry } from './journal.ts'
import { upToShare } from './transcript.ts'

type Event<T extends CallEvent['type']> = Extract<CallEvent, { type: T }>

/**
 * Points in time on the way from the caller's last word to the agent's first, in ms since the call's first `start`.
 * Undefined where nothing of the kind happened: no caller's turn comes before a greeting.
 */
export interface Stations {
  /** The caller's last voiced frame, as this server measured it in their audio. */
  voiceEnd: number | undefined
  /** The model noticed the silence. */
  vadStop: number | undefined
  committed: number | undefined
  answerStarted: number | undefined
  firstToken: number | undefined
  firstAudio: number | undefined
  /** The first audio was written to the carrier's socket. */
  sent: number | undefined
  /** The first audio was played, as far as the carrier's marks tell. */
  heard: number | undefined
}

/** A turn as it is kept. It is filled in as the call goes on: whoever keeps one for later makes a copy. */
export interface KeptTurn {
  /** The model's item id. */
  readonly id: string
  readonly who: 'caller' | 'agent'
  /** The streamSid of the stream on which the turn was spoken. */
  readonly stream: string
  agent: string | undefined
  /** The words; of the agent's those that were heard. */
  text: string | undefined
  /** The agent's words as they were generated. */
  generatedText: string | undefined
  /** `partial` while more may come; `never` for a turn of the caller's whose words will not come. */
  textState: 'final' | 'partial' | 'never'
  cut: boolean
  startMs: number | undefined
  endMs: number | undefined
  /** Lengths of the agent's audio in ms. */
  sentMs: number | undefined
  heardMs: number | undefined
  /** How long tools ran between the caller's turn and this answer to it; undefined when none did. */
  toolMs: number | undefined
  readonly stations: Stations
}

/** The caller's turn that the next answer answers. */
interface Question {
  readonly turn: string
  readonly voiceEnd: number | undefined
  readonly vadStop: number | undefined
  readonly committed: number
  toolMs: number | undefined
}

/** The turns of one stream, folded from its journal. */
export class Turns {
  readonly #turns = new Map<string, KeptTurn>()
  readonly #changed: (turn: KeptTurn) => void
  #stream = ''
  /** Where the caller's current speech began and ended, on the call's clock. */
  #speech: { turn: string; startMs: number; endMs?: number; vadStop?: number } | undefined
  #question: Question | undefined
  #answerStarted: number | undefined

  /** @param changed called with each turn that has changed, after the change */
  constructor(changed: (turn: KeptTurn) => void) {
    this.#changed = changed
  }

  get all(): Iterable<KeptTurn> {
    return this.#turns.values()
  }

  note({ atMs, event }: Entry): void {
    switch (event.type) {
      case 'accepted':
        this.#stream = event.streamSid
        return
      case 'caller_speaking':
        this.#speech = { turn: event.turn, startMs: atMs - event.voicedMs }
        return
      case 'caller_silent':
        if (this.#speech?.turn !== event.turn) return
        if (event.quietMs !== undefined) this.#speech.endMs = atMs - event.quietMs
        this.#speech.vadStop = atMs
        return
      case 'caller_turn':
        return this.#callerTurn(event, atMs)
      case 'caller_words':
        return this.#callerWords(event)
      case 'turn_forgotten':
        return this.#forget(event)
      case 'tool_finished':
        if (this.#question) this.#question.toolMs = (this.#question.toolMs ?? 0) + event.ms
        return
      case 'answer_started':
        this.#answerStarted = atMs
        return
      case 'agent_delta': {
        const turn = this.#agentTurn(event.turn)
        turn.stations.firstToken ??= atMs
        turn.generatedText = (turn.generatedText ?? '') + event.text
        return this.#changed(turn)
      }
      case 'answer_audio': {
        const turn = this.#agentTurn(event.turn)
        turn.stations.firstToken ??= atMs
        turn.stations.firstAudio ??= atMs
        return this.#changed(turn)
      }
      case 'agent_words': {
        const turn = this.#agentTurn(event.turn)
        turn.agent = event.agent
        turn.generatedText = event.text
        if (turn.sentMs !== undefined) turn.text = heardText(turn)
        return this.#changed(turn)
      }
      case 'heard':
        return this.#heard(event)
    }
  }

  /** No more words come: the call is over, and what was owed has come or will not. */
  finish(): void {
    for (const turn of this.#turns.values()) {
      if (turn.textState !== 'partial') continue
      if (turn.who === 'caller') turn.textState = 'never'
      else {
        // The stream ended before anything of this answer could be played.
        turn.textState = 'final'
        turn.text ??= ''
      }
      this.#changed(turn)
    }
  }

  #callerTurn({ turn: id }: Event<'caller_turn'>, committed: number): void {
    const speech = this.#speech?.turn === id ? this.#speech : undefined
    const turn = this.#turn(id, 'caller')
    turn.startMs = speech?.startMs
    turn.endMs = speech?.endMs
    this.#question = { turn: id, voiceEnd: speech?.endMs, vadStop: speech?.vadStop, committed, toolMs: undefined }
    this.#changed(turn)
  }

  #callerWords({ turn: id, text }: Event<'caller_words'>): void {
    // The words of a turn that was forgotten, or that was never committed.
    const turn = this.#turns.get(id)
    if (!turn) return
    turn.text = text?.trim()
    turn.textState = text === undefined ? 'never' : 'final'
    this.#changed(turn)
  }

  #forget({ turn: id }: Event<'turn_forgotten'>): void {
    this.#turns.delete(id)
    if (this.#question?.turn === id) this.#question = undefined
  }

  #heard({ turn: id, sentMs, heardMs, cut, sentAtMs, heardAtMs }: Event<'heard'>): void {
    const turn = this.#agentTurn(id)
    Object.assign(turn, { sentMs, heardMs, cut, textState: 'final' })
    turn.stations.sent = sentAtMs
    turn.stations.heard = heardMs > 0 ? heardAtMs : undefined
    turn.startMs = turn.stations.heard
    turn.endMs = turn.startMs === undefined ? undefined : turn.startMs + heardMs
    turn.text = heardText(turn)
    this.#changed(turn)
  }

  /** The first words or sound of an answer take the caller's turn that they answer. */
  #agentTurn(id: string): KeptTurn {
    const known = this.#turns.get(id)
    if (known) return known
    const turn = this.#turn(id, 'agent')
    turn.stations.answerStarted = this.#answerStarted
    const question = this.#question
    if (question && this.#answerStarted !== undefined && this.#answerStarted >= question.committed) {
      const { voiceEnd, vadStop, committed } = question
      Object.assign(turn.stations, { voiceEnd, vadStop, committed })
      turn.toolMs = question.toolMs
      this.#question = undefined
    }
    return turn
  }

  #turn(id: string, who: KeptTurn['who']): KeptTurn {
    const turn: KeptTurn = {
      ...{ id, who, stream: this.#stream, agent: undefined, text: undefined, generatedText: undefined },
      ...{ textState: 'partial', cut: false, startMs: undefined, endMs: undefined, sentMs: undefined },
      ...{ heardMs: undefined, toolMs: undefined },
      stations: {
        ...{ voiceEnd: undefined, vadStop: undefined, committed: undefined, answerStarted: undefined },
        ...{ firstToken: undefined, firstAudio: undefined, sent: undefined, heard: undefined }
      }
    }
    this.#turns.set(id, turn)
    return turn
  }
}

/** The words that were played, as far as is known; `heardMs` may be that of an answer which still plays. */
export function heardText({ generatedText, sentMs, heardMs, cut }: KeptTurn): string {
  const words = generatedText ?? ''
  if (!cut || !sentMs) return words
  return upToShare(words, (heardMs ?? 0) / sentMs)
}

/**
 * How long the caller waited for this answer, from their last voiced frame to its first sound, in ms. Undefined for
 * an answer to nobody's turn, one that needed a tool, and one that was not heard.
 */
export function responseMs({ who, toolMs, stations: { voiceEnd, heard } }: KeptTurn): number | undefined {
  if (who !== 'agent' || toolMs !== undefined || voiceEnd === undefined || heard === undefined) return undefined
  return Math.round((heard - voiceEnd) * 10) / 10
}
