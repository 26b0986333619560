import alawmulaw from 'alawmulaw'

/** Telephone audio: mu-law, 8000 samples a second, one byte a sample. */
export const BYTES_PER_MS = 8
export const SAMPLE_RATE = 8_000
export const SILENCE_BYTE = 0xff

export function encodeMulaw(samples: Int16Array): Buffer {
  return Buffer.from(alawmulaw.mulaw.encode(samples))
}

export function decodeMulaw(mulaw: Uint8Array): Int16Array {
  return alawmulaw.mulaw.decode(mulaw)
}

export function durationMs(mulaw: Uint8Array): number {
  return mulaw.length / BYTES_PER_MS
}

export function silence(ms: number): Buffer {
  return Buffer.alloc(Math.round(ms * BYTES_PER_MS), SILENCE_BYTE)
}

/** A sine; `volume` from 0 to 1 of full scale. */
export function tone(ms: number, hz = 440, volume = 0.3): Buffer {
  const samples = new Int16Array(Math.round(ms * BYTES_PER_MS))
  for (let at = 0; at < samples.length; at++) {
    samples[at] = Math.round(Math.sin((2 * Math.PI * hz * at) / SAMPLE_RATE) * volume * 32_767)
  }
  return encodeMulaw(samples)
}

/** Two sounds of the same length at once. */
export function mixed(one: Uint8Array, other: Uint8Array): Buffer {
  const [first, second] = [decodeMulaw(one), decodeMulaw(other)]
  return encodeMulaw(first.map((sample, at) => Math.max(-32_768, Math.min(32_767, sample + (second[at] ?? 0)))))
}

/** A sound made quieter; `factor` from 0 to 1. */
export function quieter(mulaw: Uint8Array, factor: number): Buffer {
  return encodeMulaw(decodeMulaw(mulaw).map((sample) => Math.round(sample * factor)))
}

/** Root mean square from 0 (silence, or nothing at all) to 1 (full scale). Speech is about 0.05 to 0.3. */
export function loudness(mulaw: Uint8Array): number {
  if (mulaw.length === 0) return 0
  let sum = 0
  for (const sample of decodeMulaw(mulaw)) sum += sample * sample
  return Math.sqrt(sum / mulaw.length) / 32_768
}
