import type { Call } from '../call/call.ts'
import type { RecordingState } from '../call/consent.ts'
import type { Journal } from '../call/journal.ts'
import { AgentLane } from './agent-lane.ts'
import { CallerLane } from './caller-lane.ts'
import { giveBack, type Sink, takeSecond } from './seconds.ts'
import { SAMPLES_PER_MS, SECOND_BYTES, SECOND_SAMPLES, SILENCE } from './wav.ts'

/**
 * A second is written this long after its end. By then it is known what was heard in it: two marks of its sound have
 * come back, and frames that were held up have come.
 */
const LAG_MS = 400
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
  readonly #agent = new AgentLane((expectedMs, nowMs) => this.#caller.sentAt(expectedMs, nowMs))
  readonly #untap: () => void
  readonly #journal: Journal
  /** The next to be written. */
  #second: number
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

  /** The timer is set for each second anew, so that it does not drift. */
  #writeLater(): void {
    const dueMs = (this.#second + 1) * 1_000 + LAG_MS
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

  /** Writes the seconds that are over. @param isLast and what there is of the next one */
  #write(untilMs: number, isLast: boolean): void {
    while (!this.#isStopped && (this.#second + 1) * 1_000 <= untilMs) this.#writeSecond(SECOND_SAMPLES)
    const rest = Math.round((untilMs - this.#second * 1_000) * SAMPLES_PER_MS)
    if (isLast && rest > 0) this.#writeSecond(rest)
  }

  #writeSecond(samples: number): void {
    const second = takeSecond()
    const first = this.#second * SECOND_SAMPLES
    this.#caller.layOut(first, first + samples, (sound, at) => lay(sound, second, 2 * (at - first) + LEFT))
    this.#agent.layOut(first, first + samples, (sound, at) => lay(sound, second, 2 * (at - first) + RIGHT))
    const isMuted = this.#mute(second, this.#second * 1_000)
    if (isMuted) giveBack(second)
    const number = this.#second
    this.#second += 1
    this.#sink.write(number, isMuted ? undefined : second, 2 * samples)
  }

  /** @returns whether nothing of the second may be kept */
  #mute(second: Buffer, fromMs: number): boolean {
    for (const mute of this.#mutes) {
      if (mute.fromMs <= fromMs && mute.toMs >= fromMs + 1_000) return true
      const start = Math.max(0, mute.fromMs - fromMs)
      const end = Math.min(1_000, mute.toMs - fromMs)
      if (start < end) second.fill(SILENCE, byteAt(start), byteAt(end))
    }
    if (this.#mutes.length > 0) this.#mutes = this.#mutes.filter(({ toMs }) => toMs > fromMs + 1_000)
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
