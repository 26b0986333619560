import type { CallSoFar } from './call-so-far.ts'
import type { EndReason } from './end-reason.ts'
import type { Entry, Journal } from './journal.ts'
import { type KeptTurn, responseMs, Turns } from './turns.ts'

/** What is kept of a call after its end. */
export interface CallRecord extends Omit<CallSoFar, 'startedAt' | 'responses'> {
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly endedAt: string
  readonly durationMs: number
  readonly responseMs: Quantiles
  readonly endReason: EndReason
}

/** Of `n` values, in ms; undefined without a value. */
export interface Quantiles {
  readonly n: number
  readonly p50: number | undefined
  readonly p90: number | undefined
  readonly max: number | undefined
}

/** Stores the record of a call that has ended. A rejection is logged and has no other effect. */
export type SaveRecord = (record: CallRecord) => Promise<void>

/** Of a call of which nothing is known yet. */
export const NOBODY: CallSoFar = {
  ...{ callSid: undefined, streamSid: undefined, from: undefined, to: undefined, direction: 'inbound' },
  ...{ parameters: {}, isPractice: false, agent: undefined, startedAt: 0, streams: 0, firstAudioMs: undefined },
  ...{ responses: [], turns: 0, bargeIns: 0, tools: 0, reconnections: 0 },
  ...{ recording: 'none', consent: undefined }
}

/** The record of a call as it grows: a fold of the call's journal. A later stream goes on from `accepted.before`. */
export class GrowingRecord {
  readonly #turns: Turns
  readonly #listeners: ((turn: KeptTurn) => void)[] = []
  #past: CallSoFar = NOBODY
  #who: Partial<CallSoFar> = {}
  #startedAtMs = 0
  #agent: string | undefined
  #firstAudioMs: number | undefined
  #bargeIns = 0
  #tools = 0
  #reconnections = 0
  #recording: Pick<CallSoFar, 'recording' | 'consent'> | undefined
  #ended: { readonly at: number; readonly reason: EndReason } | undefined

  constructor() {
    this.#turns = new Turns((turn) => {
      for (const listener of this.#listeners) listener(turn)
    })
  }

  /** Listens to every change of a turn. */
  onTurn(listener: (turn: KeptTurn) => void): void {
    this.#listeners.push(listener)
  }

  get ended(): { readonly at: number; readonly reason: EndReason } | undefined {
    return this.#ended
  }

  note(entry: Entry): void {
    this.#turns.note(entry)
    const { atMs, event } = entry
    switch (event.type) {
      case 'opened':
        this.#who = { startedAt: event.at }
        return
      case 'accepted': {
        const { at, streamSid, isPractice, before } = event
        const { callSid, from, to, direction, parameters } = event.claims
        this.#past = before ?? NOBODY
        const startedAt = before?.startedAt ?? at
        this.#who = { callSid, streamSid, from, to, direction, parameters, isPractice, startedAt }
        this.#startedAtMs = atMs
        return
      }
      case 'agent_heard':
        this.#firstAudioMs ??= Math.round(atMs - this.#startedAtMs)
        return
      case 'agent_words':
        this.#agent = event.agent
        return
      case 'handoff':
        this.#agent = event.to
        return
      case 'barge_in':
        this.#bargeIns += 1
        return
      case 'tool_started':
        this.#tools += 1
        return
      case 'model_lost':
        this.#reconnections += 1
        return
      case 'recording':
        this.#recording = { recording: event.state, consent: event.consent }
        return
      case 'ended':
        this.#ended = { at: event.at, reason: event.reason }
        return
    }
  }

  /** The missing words have come, or will not. @throws Error when the call has not ended */
  finish(): CallRecord {
    this.#turns.finish()
    return this.#whole
  }

  get soFar(): CallSoFar {
    const past = this.#past
    const responses = [...past.responses]
    let { turns } = past
    for (const turn of this.#turns.all) {
      if (turn.who === 'caller' || (turn.heardMs ?? 0) > 0) turns += 1
      const ms = responseMs(turn)
      if (ms !== undefined) responses.push(ms)
    }
    return {
      ...past,
      ...this.#who,
      ...this.#recording,
      agent: this.#agent ?? past.agent,
      streams: past.streams + 1,
      firstAudioMs: past.firstAudioMs ?? this.#firstAudioMs,
      responses,
      turns,
      bargeIns: past.bargeIns + this.#bargeIns,
      tools: past.tools + this.#tools,
      reconnections: past.reconnections + this.#reconnections
    }
  }

  get #whole(): CallRecord {
    if (!this.#ended) throw new Error('a call that goes on has no record')
    const { at, reason } = this.#ended
    const { startedAt, responses, ...rest } = this.soFar
    return {
      ...rest,
      startedAt: new Date(startedAt).toISOString(),
      endedAt: new Date(at).toISOString(),
      durationMs: at - startedAt,
      responseMs: quantiles(responses),
      endReason: reason
    }
  }
}

/** Keeps a call's record while the call goes on. */
export function keepRecord(journal: Journal): GrowingRecord {
  const record = new GrowingRecord()
  journal.follow((entry) => record.note(entry))
  return record
}

/** The record of an ended call, from the entries of its journal. @throws Error when the call has not ended */
export function summary(entries: Iterable<Entry>): CallRecord {
  const record = new GrowingRecord()
  for (const entry of entries) record.note(entry)
  return record.finish()
}

/** Nearest rank, in whole ms. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.map(Math.round).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]
  return { n: sorted.length, p50: at(0.5), p90: at(0.9), max: sorted.at(-1) }
}
