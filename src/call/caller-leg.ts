import type { EventEmitter } from 'node:events'
import type { Base64 } from '../wire/base64.ts'
import type { EndReason } from './end-reason.ts'
import type { Heard, Owner, Playback } from './playback.ts'
import type { CallState } from './state.ts'

/** A piece of the caller's audio, mu-law at 8 kHz; normally 20 ms. */
export interface AudioFrame {
  readonly audio: Base64
  /** Milliseconds since the stream began; undefined when the carrier's value is missing or implausible. */
  readonly timestampMs: number | undefined
}

/** The carrier's `start` of a stream. Its values are not verified yet. */
export interface StreamStart {
  readonly streamSid: string
  readonly callSid: string
  readonly customParameters: Readonly<Record<string, string>>
  /** The caller is the simulator. */
  readonly isPractice: boolean
  /** mu-law, 8 kHz, one channel: without it lengths in milliseconds cannot be told from bytes. */
  readonly isMulaw8k: boolean
}

/** How a stream ended that this server did not close. */
export type Gone =
  /** The carrier sent `stop`: the caller hung up. */
  | 'stopped'
  /** The socket closed without `stop`: the caller may still be on the line. */
  | 'closed'
  /** The socket is open, and no frame has come for too long. */
  | 'quiet'
  /** No `start` came in time. */
  | 'no start'

/** @param state the call's state when its stream ended */
export function endReasonOf(how: Gone, state: CallState['name']): EndReason {
  if (how === 'no start') return 'no_start'
  if (state === 'ringing' || state === 'connecting') return 'caller_left_early'
  return how === 'stopped' ? 'caller_hung_up' : 'stream_lost'
}

export interface CallerLegEvents {
  start: [StreamStart]
  /** `0`-`9`, `*`, `#`, `A`-`D`. */
  key: [string]
  /** The first audio of the agent's after silence is on its way to the caller. */
  playing: []
  /** All of the agent's voice has been played, or was cleared. */
  silent: [{ cleared: boolean }]
  /** The carrier has obeyed `clear`, as far as its marks tell, or the stream has ended before. */
  cleared: []
  /** An item of the agent's was played to its end, or a `clear` took the rest away. */
  heard: [Heard]
  /**
   * These marks of `mark` are answered: what was sent before them has been played, or was cleared. Emitted before
   * `silent`, for marks that the carrier returned and for those that the clock answers.
   */
  marks: [names: readonly string[]]
  /** A frame that the carrier would not send, once for each kind of trouble. */
  refused: [why: string]
  /** The agent's audio is too far ahead of the caller, and the rest of it is dropped. Emitted once a call. */
  dropped: []
  /** Emitted once, and never for this server's own `close`. */
  gone: [Gone]
  /** The stream broke a limit and is closed already. */
  abused: [limit: string]
  /** A listener threw. */
  fault: [unknown]
}

/** Copies both directions of the caller's leg. */
export interface Tap {
  /** The caller's frames as they arrive, also while they are held. */
  caller?(frame: AudioFrame): void
  /** Audio for the caller (mu-law in base64) as it is sent. */
  agent?(audio: string, owner: Owner): void
  /** An item's mark, after the audio before it. Not every mark is returned. */
  mark?(name: string): void
  markCameBack?(name: string): void
  /** What was sent and not played yet is discarded. */
  clear?(): void
  /** As the event of this name. */
  cleared?(): void
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
  /** Costs nothing without a tap. @returns removes the tap */
  tap(tap: Tap): () => void
  /** Audio for the caller, mu-law in base64, played in order. The leg itself marks audio of the owner 'house'. */
  play(audio: string, owner: Owner): void
  /**
   * Requests a `marks` event for when everything sent so far has been played.
   * @param isLast no more audio of this item follows
   */
  mark(name: string, item: string, isLast: boolean): void
  /** Answers the marks that are due by the clock. Call it before you read from `playback` how much was heard. */
  settle(): void
  /** Discards everything that has not been played yet. */
  clear(): void
  /** Every frame as the carrier sent it, parsed. @returns removes the listener */
  onRaw(listener: (message: unknown) => void): () => void
  /** Ends the stream. Safe to call twice. */
  close(why: 'over' | 'refused'): void
}
