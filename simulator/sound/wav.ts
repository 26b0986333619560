import { readFile, writeFile } from 'node:fs/promises'
import wavefile from 'wavefile'
import { decodeMulaw, encodeMulaw, SAMPLE_RATE, SILENCE_BYTE } from './mulaw.ts'

/**
 * Reads a WAV file of any rate, bit depth and number of channels (mixed to one); PCM, float, A-law or mu-law.
 * @throws on any other file
 */
export async function readWav(path: string): Promise<Buffer> {
  const wave = new wavefile.WaveFile(await readFile(path))
  expand(wave)
  return encodeMulaw(toTelephoneRate(mixDown(wave), sampleRateOf(wave)))
}

/** Writes two mu-law tracks as one 16-bit 8 kHz stereo file; the shorter track is filled up with silence. */
export async function writeStereoWav(path: string, left: Uint8Array, right: Uint8Array): Promise<void> {
  const length = Math.max(left.length, right.length)
  const wave = new wavefile.WaveFile()
  wave.fromScratch(2, SAMPLE_RATE, '16', [decodeMulaw(filledUp(left, length)), decodeMulaw(filledUp(right, length))])
  await writeFile(path, wave.toBuffer())
}

/** Writes mu-law as a 16-bit 8 kHz file. */
export async function writeWav(path: string, mulaw: Uint8Array): Promise<void> {
  const wave = new wavefile.WaveFile()
  wave.fromScratch(1, SAMPLE_RATE, '16', decodeMulaw(mulaw))
  await writeFile(path, wave.toBuffer())
}

/** 16-bit samples at `rate` as 16-bit samples at 8 kHz. */
export function toTelephoneRate(samples: Int16Array, rate: number): Int16Array {
  if (rate === SAMPLE_RATE || samples.length === 0) return samples
  const wave = new wavefile.WaveFile()
  wave.fromScratch(1, rate, '16', samples)
  wave.toSampleRate(SAMPLE_RATE)
  return samplesOf(wave)
}

function expand(wave: wavefile.WaveFile): void {
  if (wave.bitDepth === '4') throw new Error('a WAV file in ADPCM: save it as 16-bit PCM')
  if (wave.bitDepth === '8a') wave.fromALaw()
  else if (wave.bitDepth === '8m') wave.fromMuLaw()
  if (wave.bitDepth !== '16') wave.toBitDepth('16')
}

function mixDown(wave: wavefile.WaveFile): Int16Array {
  const channels = channelsOf(wave)
  const interleaved = samplesOf(wave)
  const mono = new Int16Array(Math.floor(interleaved.length / channels))
  for (let at = 0; at < mono.length; at++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += interleaved[at * channels + channel] ?? 0
    mono[at] = Math.round(sum / channels)
  }
  return mono
}

function filledUp(track: Uint8Array, length: number): Uint8Array {
  const filled = new Uint8Array(length).fill(SILENCE_BYTE)
  filled.set(track)
  return filled
}

function samplesOf(wave: wavefile.WaveFile): Int16Array {
  // The package types every container as Float64Array, but returns the given type.
  return wave.getSamples(true, Int16Array) as unknown as Int16Array
}

function channelsOf(wave: wavefile.WaveFile): number {
  return (wave.fmt as { numChannels: number }).numChannels
}

function sampleRateOf(wave: wavefile.WaveFile): number {
  return (wave.fmt as { sampleRate: number }).sampleRate
}
