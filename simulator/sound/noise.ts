import { BYTES_PER_MS, encodeMulaw, quieter } from './mulaw.ts'
import { speak } from './speech.ts'

/** What may be heard on the line behind a caller. */
export const NOISES = ['radio', 'street'] as const
export type Noise = (typeof NOISES)[number]

const NEWS = `And now the weather. In the north it stays dry, with a light wind from the west and up to fourteen degrees.
In the evening there may be some rain near the coast. The night will be clear, and tomorrow the sun comes back.`
/** Some 36 dB below a caller's voice. */
const FAR = 0.015
const STREET_MS = 10_000
const STREET_VOLUME = 0.006

/** Mu-law to be played over and over. */
export async function noise(kind: Noise): Promise<Buffer> {
  if (kind === 'radio') return quieter(await speak(NEWS, { voice: 'en-us+m3' }), FAR)
  return street()
}

/** Low, slowly swelling noise, the same each time. */
function street(): Buffer {
  const samples = new Int16Array(STREET_MS * BYTES_PER_MS)
  let [random, low] = [1, 0]
  for (let at = 0; at < samples.length; at++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0
    low += (random / 0xffffffff - 0.5 - low) * 0.15
    const swell = 1 + 0.5 * Math.sin((2 * Math.PI * at) / samples.length)
    samples[at] = Math.round(low * 4 * swell * STREET_VOLUME * 32_767)
  }
  return encodeMulaw(samples)
}
