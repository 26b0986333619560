import type { Readable } from 'node:stream'
import { HEADER_BYTES, SECOND_SAMPLES } from './wav.ts'

/** The loudest sample of each part of a recording, from 0 to 1: what a waveform is drawn with. */
export interface Peaks {
  readonly durationMs: number
  readonly perSecond: number
  readonly caller: readonly number[]
  readonly agent: readonly number[]
}

/** The loudness of a mu-law byte, without its sign, as 7 bits that grow with it. */
const LOUDNESS = 0x7f
const shareOf = Array.from({ length: LOUDNESS + 1 }, (_, level) => {
  const [exponent, mantissa] = [level >> 4, level & 0xf]
  const linear = ((mantissa << 3) + 0x84) << exponent
  return Math.round(((linear - 0x84) / 32_124) * 1_000) / 1_000
})

/**
 * Reads a recording once, piece by piece: calls have their turn in between.
 * @param wav both lanes with their header (wav.ts)
 */
export async function peaksOf(wav: Readable, bytes: number, perSecond: number): Promise<Peaks> {
  const samples = Math.max(0, (bytes - HEADER_BYTES) / 2)
  const loudest = new Uint8Array(2 * Math.ceil((samples * perSecond) / SECOND_SAMPLES))
  let at = -HEADER_BYTES
  for await (const chunk of wav as AsyncIterable<Buffer>) {
    measure(chunk, at, perSecond, loudest)
    at += chunk.length
  }
  const lane = (which: 0 | 1) =>
    Array.from({ length: loudest.length / 2 }, (_, part) => shareOf[loudest[2 * part + which] ?? 0] ?? 0)
  return { durationMs: Math.round(samples / (SECOND_SAMPLES / 1_000)), perSecond, caller: lane(0), agent: lane(1) }
}

/** @param at the byte of both lanes at which the piece begins */
function measure(piece: Buffer, at: number, perSecond: number, loudest: Uint8Array): void {
  let from = Math.max(0, -at)
  while (from < piece.length) {
    const part = Math.floor((((at + from) >> 1) * perSecond) / SECOND_SAMPLES)
    const end = Math.min(piece.length, 2 * Math.ceil(((part + 1) * SECOND_SAMPLES) / perSecond) - at)
    for (; from < end; from += 1) {
      const level = ~(piece[from] ?? 0) & LOUDNESS
      const lane = 2 * part + ((at + from) & 1)
      if (level > (loudest[lane] ?? 0)) loudest[lane] = level
    }
  }
}
