import type { EventEmitter } from 'node:events'
import type { Base64 } from '../wire/base64.ts'
import type { EndReason } from './end-reason.ts'
import type { Heard, Owner, Playback } from './playback.ts'
import type { CallState } from './state.ts'

/** A piece of the caller's audio, mu-law at 8 kHz; 20 ms on a line that is well. */
export interface AudioFrame {
  readonly audio: Base64
  /** Milliseconds since the stream began; undefined when the carrier did not say it plausibly. */
  readonly timestampMs: number | undefined
}

/** The carrier's first word on a stream: whose it says it is, not yet believed. */
export interface StreamStart {
  readonly streamSid: string
  readonly callSid: string
  readonly customParameters: Readonly<Record<string, string>>
  /** mu-law, 8 kHz, one channel: without it lengths in milliseconds cannot be told from bytes. */
  readonly isMulaw8k: boolean
}

/** How a stream went that this server did not close. */
export type Gone =
  /** The carrier said that it is over: the caller hung up. */
  | 'stopped'
  /** Its socket closed without a word: the caller may still be on the line. */
  | 'closed'
  /** Its socket is open and no frame has come for too long. */
  | 'quiet'
  /** It never said whose it is. */
  | 'no start'

/** @param state where the call is when its stream goes */
export function endReasonOf(how: Gone, state: CallState['name']): EndReason {
  if (how === 'no start') return 'no_start'
  if (state === 'ringing' || state === 'connecting') return 'caller_left_early'
  return how === 'stopped' ? 'caller_hung_up' : 'stream_lost'
}

export interface CallerLegEvents {
  start: [StreamStart]
  /** `0`-`9`, `*`, `#`, `A`-`D`. */
  key: [string]
  /** The agent's first audio after silence is on its way to the caller. */
  playing: []
  /** All of the agent's voice has been played, or was cleared. */
  silent: [{ cleared: boolean }]
  /** An item of the agent's was played to its end, or a `clear` took the rest away. */
  heard: [Heard]
  /**
   * These marks of `mark` are answered: what was sent before them has been played, or was cleared. Emitted before
   * `silent`, for marks that the carrier returned and for those that the clock answers.
   */
  marks: [names: readonly string[]]
  /** A frame that the carrier would not send, once for each kind of trouble. */
  refused: [why: string]
  /** The agent's audio runs so far ahead of the caller that the rest of it is not kept. Once a call. */
  dropped: []
  /** Emitted once, and never for this server's own `close`. */
  gone: [Gone]
  /** A limit was broken. The stream is closed already. */
  abused: [limit: string]
  /** A listener threw. */
  fault: [unknown]
}

/** The caller's side of a call: what a call needs of a carrier. */
export interface CallerLeg extends EventEmitter<CallerLegEvents> {
  /** What the caller has heard. */
  readonly playback: Playback
  /** Undefined before `start`. */
  readonly streamSid: string | undefined
  /** Sends the caller's audio to `sink` from now on, what was held first, frame by frame and in order. */
  flowTo(sink: (frame: AudioFrame) => void): void
  /** Holds the caller's audio, until `flowTo`. */
  hold(): void
  /**
   * Listens in on both lanes: the caller's frames as they come, also while they are held, and the agent's audio (mu-law in
   * base64) as it is sent. Costs nothing while nobody taps. @returns stops it
   */
  tap(tap: { caller?(frame: AudioFrame): void; agent?(audio: string, owner: Owner): void }): () => void
  /** Audio for the caller, mu-law in base64, played in order. The house's is marked by the leg itself. */
  play(audio: string, owner: Owner): void
  /** Asks to be told, by `marks`, when all that was sent so far was played. @param isLast nothing more of this item comes */
  mark(name: string, item: string, isLast: boolean): void
  /** Answers the marks that are due by the clock: call it before it is asked how much was heard. */
  settle(): void
  /** Takes back everything that was not played yet. */
  clear(): void
  /** Every frame as the carrier sent it, parsed. @returns stops it */
  onRaw(listener: (message: unknown) => void): () => void
  /** Ends the stream. Safe to call twice. */
  close(why: 'over' | 'refused'): void
}
