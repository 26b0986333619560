import type { Between } from './caller-lane.ts'
import { SAMPLES_PER_MS, SECOND_SAMPLES } from './wav.ts'

/** A stretch of sound that is sent without a gap. */
interface Run {
  /** Its first sound is laid, so that it moves only at the cost of a gap. */
  isLaid: boolean
}

/** One piece of audio as it was sent. */
interface Piece {
  readonly audio: string
  readonly run: Run
  /** When it is played, if it is at once: Twilio plays it later by `lateMs`. */
  readonly dueMs: number
  lateMs: number
  readonly samples: number
  /** Its samples that are laid already. */
  laid: number
  /** The `clear` that took away what was not played yet. */
  cut: Cut | undefined
}

/** What a `clear` took away: the sound from this time on. */
interface Cut {
  untilMs: number
}

interface PendingMark {
  readonly name: string
  readonly dueMs: number
  /** The last piece before it. */
  readonly piece: Piece
}

/** What is laid moves only by more than this. */
const TOLERANCE_MS = 10
/** Marks are kept for this many: a line that returns none must not collect them. */
const MOST_MARKS = 200

/**
 * Where the agent's audio was heard. Twilio plays in order and in real time, so the clock tells when each piece is
 * played, and the marks that come back tell how much later than that it is. As with the caller's frames, the time is that
 * at which we learn of it: both lanes are as far behind the line.
 *
 * `Playback` has a clock of its own for what the model is told was heard: it counts from mark to mark, where here every
 * sample has its place.
 */
export class AgentLane {
  readonly #sentBetween: (nowMs: number) => Between
  #run: Run = { isLaid: false }
  /** How late the last mark came back. */
  #lateMs = 0
  /** Pieces that are not laid to their end yet, in order. */
  #pieces: Piece[] = []
  #marks: PendingMark[] = []
  /** The piece before the mark that came back last. */
  #heard: Piece | undefined
  /** The last `clear`, until the carrier has obeyed it. */
  #cut: Cut | undefined
  /** When all of them are played, if they are at once. */
  #endsMs = 0

  /** @param sentBetween when the carrier sent what is read now */
  constructor(sentBetween: (nowMs: number) => Between) {
    this.#sentBetween = sentBetween
  }

  send(audio: string, nowMs: number): void {
    if (nowMs > this.#endsMs) this.#run = { isLaid: false }
    const samples = Buffer.byteLength(audio, 'base64')
    const dueMs = Math.max(this.#endsMs, nowMs)
    this.#pieces.push({ audio, run: this.#run, dueMs, lateMs: this.#lateMs, samples, laid: 0, cut: undefined })
    this.#endsMs = dueMs + samples / SAMPLES_PER_MS
  }

  mark(name: string, nowMs: number): void {
    const piece = this.#pieces.at(-1)
    if (!piece) return
    this.#marks.push({ name, dueMs: Math.max(this.#endsMs, nowMs), piece })
    if (this.#marks.length > MOST_MARKS) this.#marks.shift()
  }

  markCameBack(name: string, nowMs: number): void {
    const index = this.#marks.findIndex((mark) => mark.name === name)
    const mark = this.#marks[index]
    if (!mark) return
    this.#marks.splice(0, index + 1)
    const [fromMs, toMs] = this.#sentBetween(nowMs)
    const lateMs = Math.max(0, Math.min(toMs, Math.max(fromMs, mark.dueMs + this.#lateMs)) - mark.dueMs)
    const { run } = mark.piece
    if (!run.isLaid || Math.abs(lateMs - this.#lateMs) > TOLERANCE_MS) this.#move(run, lateMs)
    this.#heard = mark.piece
  }

  /** Sound that is sent from now on is played behind what it takes away. */
  clear(nowMs: number): void {
    this.#cutAll({ untilMs: nowMs + this.#lateMs })
    this.#marks = []
    this.#endsMs = Math.min(this.#endsMs, nowMs)
    this.#run = { isLaid: false }
  }

  /** The carrier has obeyed the last `clear`. */
  cleared(nowMs: number): void {
    const [fromMs, toMs] = this.#sentBetween(nowMs)
    if (this.#cut) this.#cut.untilMs = toMs < nowMs ? (fromMs + toMs) / 2 : nowMs
  }

  /** The stream is over: nothing is heard any more. */
  end(nowMs: number): void {
    this.#cutAll({ untilMs: nowMs })
  }

  /**
   * Lays what was heard from sample `from` up to `to`, each sample once, and forgets it.
   * @param lay gets decoded samples and the call's sample at which they begin
   */
  layOut(from: number, to: number, lay: (samples: Uint8Array, at: number) => void): void {
    let next = from
    this.#pieces = this.#pieces.filter((piece) => {
      const at = Math.max(next, Math.round((piece.dueMs + piece.lateMs) * SAMPLES_PER_MS) + piece.laid)
      const end = Math.min(at + piece.samples - piece.laid, endOf(piece.cut))
      const count = Math.min(end, to) - at
      if (count > 0) {
        lay(decode(piece.audio).subarray(piece.laid, piece.laid + count), at)
        piece.run.isLaid = true
        piece.laid += count
        next = at + count
      }
      // When its `clear` was obeyed may not be known yet.
      return end > to || at >= to
    })
  }

  /** Sets how late this run's sound is played, as far as it is not known to be played, and that of all after it. */
  #move(run: Run, lateMs: number): void {
    this.#lateMs = lateMs
    const isKnown = run.isLaid ? this.#pieces.lastIndexOf(this.#heard as Piece) : -1
    const first = run.isLaid ? isKnown + 1 : this.#pieces.findIndex((piece) => piece.run === run)
    for (const piece of this.#pieces.slice(first)) piece.lateMs = lateMs
  }

  #cutAll(cut: Cut): void {
    this.#cut = cut
    for (const piece of this.#pieces) piece.cut ??= cut
  }
}

function endOf(cut: Cut | undefined): number {
  return cut ? Math.round(cut.untilMs * SAMPLES_PER_MS) : Number.POSITIVE_INFINITY
}

let decoded = Buffer.alloc(SECOND_SAMPLES)

/** The bytes are good until the next call. */
function decode(audio: string): Uint8Array {
  const bytes = Buffer.byteLength(audio, 'base64')
  if (decoded.length < bytes) decoded = Buffer.alloc(bytes)
  decoded.write(audio, 'base64')
  return decoded
}
