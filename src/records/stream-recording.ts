import type { Call } from '../call/call.ts'
import type { RecordingState } from '../call/consent.ts'
import type { Journal } from '../call/journal.ts'
import { AgentLane } from './agent-lane.ts'
import { CallerLane } from './caller-lane.ts'
import { giveBack, type Sink, takeSecond } from './seconds.ts'
import { SAMPLES_PER_MS, SECOND_BYTES, SECOND_SAMPLES, SILENCE } from './wav.ts'

/** So much is written at a time: with LAG_MS a process that dies loses less than a second. */
const STEP_MS = 500
const STEP_SAMPLES = STEP_MS * SAMPLES_PER_MS
/**
 * A step is written this long after its end. By then it is known what was heard in it: a mark of its last sound has
 * come back, and frames that were held up have come.
 */
const LAG_MS = 350
/** A frame that came before the end of a pause lies up to this much after it. */
const FRAME_MS = 20

const LEFT = 0
const RIGHT = 1

/**
 * The sound of one stream, in memory until it is written: the caller left, the agent right, second by second. Nothing of
 * the call depends on it: an exception costs the recording.
 */
export class StreamRecording {
  readonly #sink: Sink
  readonly #lost: (error: unknown) => void
  readonly #caller = new CallerLane()
  readonly #agent = new AgentLane((nowMs) => this.#caller.sentBetween(nowMs))
  readonly #untap: () => void
  readonly #journal: Journal
  /** The next that is not written to its end. */
  #second: number
  /** The samples of it that are written. */
  #written = 0
  /** The times of which nothing may be kept, in order. */
  #mutes: { readonly fromMs: number; toMs: number }[] = [{ fromMs: 0, toMs: Number.POSITIVE_INFINITY }]
  #isAllowed = false
  #isPaused = false
  #isStopped = false
  #timer: NodeJS.Timeout | undefined

  /** @param lost told what was thrown here */
  constructor({ caller: leg, journal }: Pick<Call, 'caller' | 'journal'>, sink: Sink, lost: (error: unknown) => void) {
    this.#sink = sink
    this.#lost = lost
    this.#journal = journal
    this.#second = Math.floor(this.#nowMs / 1_000)
    this.#untap = leg.tap({
      caller: (frame) => {
        try {
          this.#caller.hear(frame, this.#nowMs)
        } catch (error) {
          this.#lost(error)
        }
      },
      agent: (audio) => this.#contain(() => this.#agent.send(audio, this.#nowMs)),
      mark: (name) => this.#contain(() => this.#agent.mark(name, this.#nowMs)),
      markCameBack: (name) => this.#contain(() => this.#agent.markCameBack(name, this.#nowMs)),
      clear: () => this.#contain(() => this.#agent.clear(this.#nowMs)),
      cleared: () => this.#contain(() => this.#agent.cleared(this.#nowMs))
    })
    this.#writeLater()
  }

  /** @param atMs when that was, as in `pause` */
  consent(state: RecordingState, atMs: number): void {
    this.#isAllowed = state === 'kept'
    if (state === 'deleted') {
      this.#mutes = [{ fromMs: 0, toMs: Number.POSITIVE_INFINITY }]
      this.#sink.delete()
    }
    this.#muteOrNot(atMs)
  }

  pause(isPaused: boolean, atMs: number): void {
    this.#isPaused = isPaused
    this.#muteOrNot(atMs)
  }

  /** The stream is over. Resolves to whether anything of it is kept, when all of it is. */
  end(): Promise<boolean> {
    this.#contain(() => {
      if (this.#isStopped) return
      this.#agent.end(this.#nowMs)
      // The last frame lies after its arrival.
      this.#write(this.#nowMs + FRAME_MS, true)
    })
    this.stop()
    return this.#sink.end()
  }

  /** Records nothing any more. Safe to call twice. */
  stop(): void {
    this.#isStopped = true
    this.#untap?.()
    clearTimeout(this.#timer)
  }

  /** Since the first `start` of the call. */
  get #nowMs(): number {
    return this.#journal.msOf()
  }

  /** What lies before it is written. */
  get #writtenMs(): number {
    return this.#second * 1_000 + this.#written / SAMPLES_PER_MS
  }

  /** The timer is set for each step anew, so that it does not drift. */
  #writeLater(): void {
    const dueMs = this.#writtenMs + STEP_MS + LAG_MS
    this.#timer = setTimeout(
      // When the event loop was late, the frames that came meanwhile are read before this.
      () => setImmediate(() => this.#contain(() => this.#writeDue())),
      Math.max(1, dueMs - this.#nowMs)
    ).unref()
  }

  #writeDue(): void {
    if (this.#isStopped) return
    this.#write(this.#nowMs - LAG_MS, false)
    if (!this.#isStopped) this.#writeLater()
  }

  /** Writes the steps that are over. @param isLast and what there is of the next one */
  #write(untilMs: number, isLast: boolean): void {
    while (!this.#isStopped && this.#writtenMs + STEP_MS <= untilMs) this.#writeUpTo(this.#written + STEP_SAMPLES)
    const rest = Math.round((untilMs - this.#writtenMs) * SAMPLES_PER_MS)
    if (isLast && rest > 0) this.#writeUpTo(this.#written + rest)
  }

  /** Writes up to this sample of the second. Before what is new there is silence, which the sink does not keep. */
  #writeUpTo(samples: number): void {
    const second = takeSecond()
    const number = this.#second
    const first = number * SECOND_SAMPLES
    const [from, to] = [first + this.#written, first + samples]
    this.#caller.layOut(from, to, (sound, at) => lay(sound, second, 2 * (at - first) + LEFT))
    this.#agent.layOut(from, to, (sound, at) => lay(sound, second, 2 * (at - first) + RIGHT))
    const isMuted = this.#mute(second, number * 1_000)
    if (isMuted) giveBack(second)
    this.#written = samples
    if (samples === SECOND_SAMPLES) this.#startSecond()
    this.#sink.write(number, isMuted ? undefined : second, 2 * samples)
  }

  #startSecond(): void {
    this.#second += 1
    this.#written = 0
    if (this.#mutes.length > 0) this.#mutes = this.#mutes.filter(({ toMs }) => toMs > this.#second * 1_000)
  }

  /** @returns whether nothing of the second may be kept */
  #mute(second: Buffer, fromMs: number): boolean {
    for (const mute of this.#mutes) {
      if (mute.fromMs <= fromMs && mute.toMs >= fromMs + 1_000) return true
      const start = Math.max(0, mute.fromMs - fromMs)
      const end = Math.min(1_000, mute.toMs - fromMs)
      if (start < end) second.fill(SILENCE, byteAt(start), byteAt(end))
    }
    return false
  }

  #muteOrNot(atMs: number): void {
    const isMuted = !this.#isAllowed || this.#isPaused
    const last = this.#mutes.at(-1)
    const wasMuted = last?.toMs === Number.POSITIVE_INFINITY
    if (isMuted && !wasMuted) this.#mutes.push({ fromMs: atMs, toMs: Number.POSITIVE_INFINITY })
    if (!isMuted && wasMuted) last.toMs = atMs + FRAME_MS
  }

  #contain(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#lost(error)
    }
  }
}

/** @param at the byte of the first sample; the other lane's lie between */
function lay(samples: Uint8Array, second: Buffer, at: number): void {
  let to = at
  for (const sample of samples) {
    second[to] = sample
    to += 2
  }
}

function byteAt(ms: number): number {
  return Math.min(SECOND_BYTES, 2 * Math.round(ms * SAMPLES_PER_MS))
}
