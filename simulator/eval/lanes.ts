import { AUDIBLE } from '../call/cues.ts'
import { loudness } from '../sound/mulaw.ts'
import type { Span } from './run.ts'

/** Everything is measured in frames of 20 ms, as on the line. */
export const FRAME_MS = 20
const FRAME_BYTES = 160
/** A shorter gap counts as speech. */
const BREATH_MS = 250

/** For each frame of a lane whether there is a voice. @param without sounds that are nobody's voice */
export function voicedFrames(lane: Uint8Array, without: readonly Span[] = []): boolean[] {
  return Array.from({ length: Math.floor(lane.length / FRAME_BYTES) }, (_, at) => {
    const isOther = without.some(({ fromMs, toMs }) => (at + 1) * FRAME_MS > fromMs && at * FRAME_MS < toMs)
    return !isOther && loudness(lane.subarray(at * FRAME_BYTES, (at + 1) * FRAME_BYTES)) >= AUDIBLE
  })
}

/** When the voice is heard for the first time in a span, in ms after its beginning. */
export function firstVoiceMs(frames: readonly boolean[], { fromMs, toMs }: Span): number | undefined {
  const from = Math.ceil(fromMs / FRAME_MS)
  const at = frames.slice(from, Math.ceil(toMs / FRAME_MS)).indexOf(true)
  return at < 0 ? undefined : (from + at) * FRAME_MS - fromMs
}

/** When the voice is silent for longer than a breath, in ms after the beginning of the span; undefined: not in it. */
export function firstSilenceMs(frames: readonly boolean[], { fromMs, toMs }: Span): number | undefined {
  const breath = BREATH_MS / FRAME_MS
  const until = Math.ceil(toMs / FRAME_MS)
  for (let at = Math.floor(fromMs / FRAME_MS); at < until; at++) {
    if (!frames.slice(at, at + breath).includes(true)) return Math.max(0, at * FRAME_MS - fromMs)
  }
  return undefined
}

/** Whether there was a voice just before. */
export function isVoicedAt(frames: readonly boolean[], ms: number): boolean {
  const at = Math.floor(ms / FRAME_MS)
  return frames.slice(Math.max(0, at - BREATH_MS / FRAME_MS), at).includes(true)
}
