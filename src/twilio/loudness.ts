import alawmulaw from 'alawmulaw'
import type { Base64 } from '../wire/base64.ts'
import { BYTES_PER_MS } from './frames.ts'

/** Mean amplitude, of 32767, that a voice on a telephone exceeds and the line's noise does not. */
const VOICE = 500

const AMPLITUDE = Float64Array.from({ length: 256 }, (_, byte) => Math.abs(alawmulaw.mulaw.decodeSample(byte)))

/** The length of a frame if there is a voice in it, else 0; in ms. */
export function voicedMs(audio: Base64): number {
  const bytes = Buffer.from(audio.toString(), 'base64')
  let sum = 0
  for (const byte of bytes) sum += AMPLITUDE[byte] ?? 0
  return sum / bytes.length > VOICE ? bytes.length / BYTES_PER_MS : 0
}
