import { SECOND_BYTES, SILENCE } from './wav.ts'

/** Where the seconds of one call's recording go. Nothing here throws or waits. */
export interface Sink {
  /**
   * Keeps the first `bytes` of a second, in the order in which they come. What is kept of that second already stays: its
   * beginning, or what an earlier stream of the same call has of it.
   * @param audio the sink's from now on, to be given back; undefined where nothing of a whole second may be kept
   */
  write(second: number, audio: Buffer | undefined, bytes: number): void
  /** Deletes all that is kept of the call, also what is on its way. Seconds that come later are kept. */
  delete(): void
  /** Nothing more is written. Resolves to whether anything is kept, when all of it is. */
  end(): Promise<boolean>
}

/** So many steps of one call, half a second each, may wait for a store that is slow; more than that, and its recording is lost. */
export const MOST_WAITING = 20

export class StoreIsSlow extends Error {
  override name = 'StoreIsSlow' as const
}

/** 8 MB. */
const MOST_SPARE = 512
const spare: Buffer[] = []

/** A second of silence. The memory is used again: each recorded call takes two every second. */
export function takeSecond(): Buffer {
  return (spare.pop() ?? Buffer.allocUnsafeSlow(SECOND_BYTES)).fill(SILENCE)
}

/** The second's memory is not used any more. */
export function giveBack(second: Buffer | undefined): void {
  if (second && spare.length < MOST_SPARE) spare.push(second)
}
