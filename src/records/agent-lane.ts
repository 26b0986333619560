import { SAMPLES_PER_MS, SECOND_SAMPLES } from './wav.ts'

/** A stretch of sound without a longer pause: Twilio plays all of it late by the same time. */
interface Run {
  lateMs: number
  /** Its first sound is written, so that it moves only at the cost of samples. */
  isLaid: boolean
  /** How late its last marks came back, in ms. */
  readonly recent: number[]
}

/** One piece of audio as it was sent. */
interface Piece {
  readonly audio: string
  /** When it is played, on the clock of this server: Twilio plays it later by the run's `lateMs`. */
  readonly atMs: number
  readonly samples: number
  readonly run: Run
  /** The `clear` that took away what was not played yet. */
  cut: Cut | undefined
}

/** What a `clear` took away: the sound from this time on. */
interface Cut {
  untilMs: number
  readonly marks: ReadonlySet<string>
}

interface PendingMark {
  readonly name: string
  readonly dueMs: number
  readonly run: Run
}

/** Silence of this length ends a run. */
const PAUSE_MS = 100
/** A mark comes back late and never early: the earliest of so many says how late the sound is played. */
const MARKS = 5
/** A run whose first sound is written moves only by more than this. */
const TOLERANCE_MS = 15
/** Marks are kept for this many: a line that returns none must not collect them. */
const MOST_MARKS = 200

/**
 * Where the agent's audio was heard. Twilio plays in order and in real time, so the clock tells when each piece is
 * played, and the marks that come back tell how much later than that it is. As with the caller's frames, the time is that
 * at which we learn of it: both lanes are as far behind the line.
 */
export class AgentLane {
  #run: Run = { lateMs: 0, isLaid: false, recent: [] }
  /** Pieces that are not laid to their end yet, in order. */
  #pieces: Piece[] = []
  #marks: PendingMark[] = []
  /** The last `clear`. */
  #cut: Cut | undefined
  /** When all of them are played. */
  #endsMs = 0

  send(audio: string, nowMs: number): void {
    if (nowMs > this.#endsMs + PAUSE_MS) this.#newRun()
    const samples = Buffer.byteLength(audio, 'base64')
    const atMs = Math.max(this.#endsMs, nowMs)
    this.#pieces.push({ audio, atMs, samples, run: this.#run, cut: undefined })
    this.#endsMs = atMs + samples / SAMPLES_PER_MS
  }

  mark(name: string, nowMs: number): void {
    this.#marks.push({ name, dueMs: Math.max(this.#endsMs, nowMs), run: this.#run })
    if (this.#marks.length > MOST_MARKS) this.#marks.shift()
  }

  markCameBack(name: string, nowMs: number): void {
    const at = this.#marks.findIndex((mark) => mark.name === name)
    const mark = this.#marks[at]
    // Twilio returns what was pending as it obeys a `clear`: the last of these marks says when that was.
    if (!mark && this.#cut?.marks.has(name)) this.#cut.untilMs = nowMs
    if (!mark) return
    this.#marks.splice(0, at + 1)
    const { run, dueMs } = mark
    run.recent.push(nowMs - dueMs)
    if (run.recent.length > MARKS) run.recent.shift()
    const lateMs = Math.max(0, Math.min(...run.recent))
    if (!run.isLaid || Math.abs(lateMs - run.lateMs) > TOLERANCE_MS) run.lateMs = lateMs
  }

  clear(nowMs: number): void {
    this.#cut = { untilMs: nowMs + this.#run.lateMs, marks: new Set(this.#marks.map(({ name }) => name)) }
    this.#marks = []
    for (const piece of this.#pieces) piece.cut ??= this.#cut
    this.#endsMs = Math.min(this.#endsMs, nowMs)
    this.#newRun()
  }

  /** The stream is over: nothing is heard any more. */
  end(nowMs: number): void {
    const cut = { untilMs: nowMs, marks: new Set<string>() }
    for (const piece of this.#pieces) piece.cut ??= cut
  }

  /**
   * Lays what was heard from sample `from` up to `to`, and forgets what was heard before that.
   * @param lay gets decoded samples and the call's sample at which they begin
   */
  layOut(from: number, to: number, lay: (samples: Uint8Array, at: number) => void): void {
    let over = 0
    for (const piece of this.#pieces) {
      const at = Math.round((piece.atMs + piece.run.lateMs) * SAMPLES_PER_MS)
      const end = Math.min(at + piece.samples, endOf(piece.cut))
      if (end > Math.max(at, from) && at < to) {
        const first = Math.max(0, from - at)
        piece.run.isLaid = true
        lay(decode(piece.audio).subarray(first, Math.min(end, to) - at), at + first)
      }
      if (end > to) break
      over += 1
    }
    if (over > 0) this.#pieces.splice(0, over)
  }

  #newRun(): void {
    this.#run = { lateMs: this.#run.lateMs, isLaid: false, recent: [] }
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
