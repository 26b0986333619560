import { BYTES_PER_MS, encodeMulaw, SAMPLE_RATE } from '../../sound/mulaw.ts'

/** One push of breath. */
interface Burst {
  readonly ms: number
  /** The silence after it. */
  readonly gapMs: number
  /** The vocal cords; 0: breath alone. */
  readonly hz: number
  /** From 0 (rumbling) to 1 (hissing). */
  readonly hiss: number
}

type Random = (from: number, to: number) => number

/** What a caller's throat and nose do that is no word. */
const THROAT: Readonly<Record<string, (random: Random) => Burst[]>> = {
  cough: (random) =>
    times(random(1, 3), () => ({ ms: random(140, 240), gapMs: random(70, 150), hz: 0, hiss: random(0.3, 0.7) })),
  laughter: (random) => {
    const hz = random(150, 290)
    return times(random(3, 5), () => ({ ms: random(70, 110), gapMs: random(60, 90), hz, hiss: 0.4 }))
  },
  'cleared throat': (random) => [{ ms: random(280, 600), gapMs: 0, hz: random(75, 115), hiss: 0.2 }],
  sneeze: (random) => [{ ms: random(250, 420), gapMs: 0, hz: 0, hiss: 0.95 }],
  sniff: (random) => times(random(1, 2), () => ({ ms: random(250, 380), gapMs: random(80, 140), hz: 0, hiss: 0.8 }))
}

const ATTACK_MS = 12
const VOLUME = 0.5
const HARMONICS = [1, 2, 3, 4, 5, 6]

export interface VocalNoise {
  readonly what: string
  readonly mulaw: Buffer
}

/** So many noises, in turn of every sort, no two alike and the same ones each time. */
export function vocalNoises(count: number): VocalNoise[] {
  const sorts = Object.keys(THROAT)
  return Array.from({ length: count }, (_, at) => {
    const what = sorts[at % sorts.length] as string
    const random = randomFrom(at + 1)
    return { what, mulaw: soundOf(THROAT[what]?.(random) ?? [], random) }
  })
}

function soundOf(bursts: readonly Burst[], random: Random): Buffer {
  return Buffer.concat(
    bursts.flatMap((burst) => [
      encodeMulaw(samplesOf(burst, random)),
      encodeMulaw(new Int16Array(Math.round(burst.gapMs) * BYTES_PER_MS))
    ])
  )
}

function samplesOf({ ms, hz, hiss }: Burst, random: Random): Int16Array {
  const samples = new Int16Array(Math.round(ms) * BYTES_PER_MS)
  let low = 0
  for (let at = 0; at < samples.length; at++) {
    low += (random(-1, 1) - low) * hiss
    const breath = low * Math.sqrt((2 - hiss) / hiss)
    const sound = hz === 0 ? breath : 0.6 * cords(hz, at / SAMPLE_RATE) + 0.4 * breath
    samples[at] = Math.round(sound * swell(at / BYTES_PER_MS, ms) * VOLUME * 32_767 * 0.7)
  }
  return samples
}

function cords(hz: number, seconds: number): number {
  return HARMONICS.reduce((sum, n) => sum + Math.sin(2 * Math.PI * hz * n * seconds) / n, 0) / 2
}

/** Quickly loud, then slowly less. */
const swell = (atMs: number, ms: number): number => Math.min(1, atMs / ATTACK_MS) * Math.exp((-2 * atMs) / ms)

const times = (count: number, make: () => Burst): Burst[] => Array.from({ length: Math.round(count) }, make)

/** Numbers that look random, the same ones for the same seed. */
function randomFrom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0
  return (from, to) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return from + (state / 2 ** 32) * (to - from)
  }
}
