import type { KeptTurn } from './turns.ts'

/** Where the time between a caller's last voiced frame and the first sound of the answer went. Lengths in ms; their sum is `total`. */
export interface Stages {
  /** The model waited for the end of the caller's turn. */
  readonly endpointing: number
  /** The model worked on its answer, without the tools that it called. */
  readonly model: number
  readonly tool: number
  /** This server, from the model's first audio to the carrier's socket. */
  readonly server: number
  /** The carrier had the audio and had not played it. */
  readonly playback: number
  readonly total: number
}

/** The stages of an answer to a caller's turn; undefined for a greeting and where a station is not known. */
export function stagesOf({ who, toolMs, stations }: Pick<KeptTurn, 'who' | 'toolMs' | 'stations'>): Stages | undefined {
  const { voiceEnd, vadStop, firstAudio, sent, heard } = stations
  if (who !== 'agent' || voiceEnd === undefined || heard === undefined) return undefined
  if (vadStop === undefined || firstAudio === undefined || sent === undefined) return undefined
  // Each point is at or after the one before, so that no stage is negative and the sum is the total.
  const begin = tenths(voiceEnd)
  const end = Math.max(begin, tenths(heard))
  const stopped = between(begin, vadStop, end)
  const answered = between(stopped, firstAudio, end)
  const written = between(answered, sent, end)
  const thinking = answered - stopped
  // Tools that ran at the same time have more time in sum than passed.
  const tool = Math.min(toolMs ?? 0, thinking)
  return {
    endpointing: tenths(stopped - begin),
    model: tenths(thinking - tool),
    tool: tenths(tool),
    server: tenths(written - answered),
    playback: tenths(end - written),
    total: tenths(end - begin)
  }
}

function between(least: number, ms: number, most: number): number {
  return Math.min(Math.max(tenths(ms), least), most)
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
