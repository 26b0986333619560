import type { Missed } from '../call/admission.ts'
import type { Call } from '../call/call.ts'
import type { Reader } from '../call/create-call.ts'
import { faultOf } from '../call/end-reason.ts'
import { type CallEvent, kept } from '../call/events.ts'
import { type GrowingRecord, NOBODY, quantiles } from '../call/record.ts'
import { heardText, type KeptTurn } from '../call/turns.ts'
import type { CallRow, TurnRow } from '../store/tables.ts'
import type { Writer } from '../store/writer.ts'

/** Words that are being spoken, and what is known of their call, are written this often. */
const SNAPSHOT_MS = 600
/** The most characters of one text: a tool may answer with megabytes. */
const MOST_TEXT = 64_000

export interface RecorderOptions {
  readonly writer: Writer
  /** This process. */
  readonly node: string
  readonly version: string
  /** Of a new call. */
  readonly resultState: CallRow['resultState']
}

/**
 * Writes every call as it happens: its row, its turns, its events and its usage. A turn is written when it is final,
 * and every 600 ms while it is spoken, so that a process that dies loses less than a second of what was said.
 */
export function recorder(options: RecorderOptions): Reader {
  const live = new Set<LiveRecord>()
  let timer: NodeJS.Timeout | undefined
  return (call) => {
    const record = new LiveRecord(call, options, () => {
      live.delete(record)
      if (live.size > 0) return
      clearInterval(timer)
      timer = undefined
    })
    live.add(record)
    timer ??= setInterval(() => {
      for (const one of live) one.snapshot()
    }, SNAPSHOT_MS).unref()
  }
}

/** One stream of a call on its way to the store. */
class LiveRecord {
  readonly #call: Call
  readonly #options: RecorderOptions
  /** Undefined before the caller is verified: a stream that belongs to no call leaves nothing. */
  #id: string | undefined
  #stream = ''
  /** Turns that are still spoken, or whose words have not come. */
  readonly #open = new Set<KeptTurn>()
  #hasChanged = false

  constructor(call: Call, options: RecorderOptions, isOver: () => void) {
    this.#call = call
    this.#options = options
    call.record.onTurn((turn) => this.#onTurn(turn))
    call.journal.follow(({ seq, atMs, event }) => this.#onEvent(seq, atMs, event))
    void call.ended.then(() => {
      isOver()
      this.#writeCall()
    })
  }

  snapshot(): void {
    if (this.#id === undefined) return
    for (const turn of this.#open) if (turn.who === 'agent') this.#writeTurn(turn)
    if (this.#hasChanged) this.#writeCall()
  }

  #onEvent(seq: number, atMs: number, event: CallEvent): void {
    const { writer } = this.#options
    if (event.type === 'accepted') {
      this.#id = event.claims.callSid
      this.#stream = event.streamSid
      this.#writeCall()
    }
    if (this.#id === undefined) return
    const key = { callId: this.#id, stream: this.#stream, seq }
    if (event.type === 'usage') {
      writer.usage({ ...key, responseId: event.answer ?? null, model: event.model, ...event.usage })
    }
    if (event.type === 'turn_forgotten') writer.forgetTurn({ callId: this.#id, stream: this.#stream, id: event.turn })
    const stored = kept(event)
    if (!stored) return
    const { type, ...data } = stored
    writer.event({ ...key, atMs: tenths(atMs), type, data: json(data) })
    if (type === 'ended') this.#writeCall()
    else this.#hasChanged = true
  }

  #onTurn(turn: KeptTurn): void {
    if (turn.textState !== 'partial') {
      this.#open.delete(turn)
      this.#hasChanged = true
      return this.#writeTurn(turn)
    }
    // A new turn of the caller's is written at once, one of the agent's with its first words.
    if (this.#open.has(turn)) return
    this.#open.add(turn)
    if (turn.who === 'caller') this.#writeTurn(turn)
  }

  #writeTurn(turn: KeptTurn): void {
    if (this.#id === undefined) return
    const { caller } = this.#call
    const playing = turn.who === 'agent' && turn.textState === 'partial' ? caller.playback.heard(turn.id) : undefined
    // Of an answer that is being played, the words so far.
    const now = playing ? { ...turn, sentMs: playing.sentMs, heardMs: playing.playedMs, cut: true } : turn
    const text = playing ? heardText(now) : turn.text
    this.#options.writer.turn(turnRow(this.#id, { ...now, text, cut: turn.cut }))
  }

  #writeCall(): void {
    if (this.#id === undefined) return
    this.#hasChanged = false
    this.#options.writer.call(callRow(this.#id, this.#call.record, this.#options))
  }
}

/** Keeps a call that never had a stream. A stream that comes after all writes over its row. */
export function keepMissed({ claims, startedAt, endedAt, endReason }: Missed, options: RecorderOptions): void {
  const record = { soFar: { ...NOBODY, ...claims, startedAt }, ended: { at: endedAt, reason: endReason } }
  options.writer.call(callRow(claims.callSid, record, options))
}

function callRow(
  id: string,
  { soFar, ended }: Pick<GrowingRecord, 'soFar' | 'ended'>,
  { node, version, resultState }: RecorderOptions
): CallRow {
  const { n, p50, p90, max } = quantiles(soFar.responses)
  return {
    ...{ id, callSid: id, direction: soFar.direction },
    ...{ from: text(soFar.from), to: text(soFar.to), agent: text(soFar.agent) },
    ...{ node, version, practice: soFar.isPractice ? 1 : 0, parameters: json(soFar.parameters) },
    ...{ startedAt: soFar.startedAt, answeredAt: soFar.startedAt, endedAt: ended?.at ?? null },
    ...{ endReason: ended?.reason ?? null, fault: ended ? faultOf(ended.reason) : null },
    ...{ firstAudioMs: soFar.firstAudioMs ?? null, responses: n },
    ...{ responseP50Ms: p50 ?? null, responseP90Ms: p90 ?? null, responseMaxMs: max ?? null },
    ...{ turns: soFar.turns, bargeIns: soFar.bargeIns, reconnections: soFar.reconnections, tools: soFar.tools },
    ...{ streams: soFar.streams, resultState, updatedAt: Date.now() },
    ...{ recording: soFar.recording, consent: soFar.consent ? json(soFar.consent) : null }
  }
}

function turnRow(callId: string, turn: KeptTurn): TurnRow {
  const { id, who, stream, textState, cut, toolMs, stations } = turn
  return {
    ...{ callId, stream, id, who, agent: text(turn.agent), text: text(turn.text), textState, cut: cut ? 1 : 0 },
    ...{ generatedText: text(turn.generatedText), startMs: point(turn.startMs), endMs: point(turn.endMs) },
    ...{ sentMs: point(turn.sentMs), heardMs: point(turn.heardMs), tool: toolMs === undefined ? 0 : 1 },
    ...{ toolMs: point(toolMs), voiceEnd: point(stations.voiceEnd), vadStop: point(stations.vadStop) },
    ...{ committed: point(stations.committed), answerStarted: point(stations.answerStarted) },
    ...{ firstToken: point(stations.firstToken), firstAudio: point(stations.firstAudio) },
    ...{ sent: point(stations.sent), heard: point(stations.heard) }
  }
}

function point(ms: number | undefined): number | null {
  return ms === undefined ? null : tenths(ms)
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}

/** Text that both engines take: bounded, well-formed Unicode, and without the NUL that Postgres refuses. */
function text(value: string | undefined): string | null {
  return value === undefined ? null : clean(value)
}

function clean(value: string): string {
  return value.slice(0, MOST_TEXT).toWellFormed().replaceAll('\0', '\uFFFD')
}

function json(value: object): string {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'string' ? clean(part) : part))
}
