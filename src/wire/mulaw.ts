import alawmulaw from 'alawmulaw'
import { Base64 } from './base64.ts'

/** Mu-law at 8 kHz has one byte a sample, so 8 bytes are one millisecond. (ITU-T G.711) */
export const BYTES_PER_MS = 8

/** One mu-law sample of silence. */
export const SILENCE = 0xff

/** The mean amplitude, of 32767, that a voice on a telephone exceeds and the line's noise does not. */
const VOICE = 500

const AMPLITUDE = Float64Array.from({ length: 256 }, (_, byte) => Math.abs(alawmulaw.mulaw.decodeSample(byte)))

/** Mu-law silence of this length in ms. */
export function silence(durationMs: number): Base64 {
  return Base64.encode(Buffer.alloc(durationMs * BYTES_PER_MS, SILENCE))
}

/** Whether there is a voice in these samples. Measured on every fourth sample, which a telephone's voice allows. */
export function isVoiced(samples: Uint8Array): boolean {
  let sum = 0
  for (let at = 0; at < samples.length; at += 4) sum += AMPLITUDE[samples[at] ?? SILENCE] ?? 0
  return (sum * 4) / samples.length > VOICE
}

/** The length of a frame in ms if there is a voice in it, else 0. */
export function voicedMs(audio: Base64): number {
  const bytes = Buffer.allocUnsafe(audio.byteLength)
  audio.decode(bytes, 0)
  let sum = 0
  for (const byte of bytes) sum += AMPLITUDE[byte] ?? 0
  return sum / bytes.length > VOICE ? bytes.length / BYTES_PER_MS : 0
}
