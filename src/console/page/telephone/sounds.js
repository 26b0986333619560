/** What a telephone hears besides words, made here: 8,000 samples a second, from -1 to 1. Each is the same every time. */

const LINE_HZ = 8_000

/** Two coughs: a burst of breath, then less of it through a half-open throat. */
export function cough() {
  const random = noise(7)
  return atPeak(0.7, joined([burst(random, 0.28, 1), silence(0.12), burst(random, 0.35, 0.7), silence(0.1)]))
}

/** A hum that falls and rises, with the mouth closed. */
export function mhm() {
  const voice = new Voice(1)
  const sound = new Float32Array(Math.round(0.62 * LINE_HZ))
  for (let at = 0; at < sound.length; at += 1) {
    const part = at / sound.length
    const dip = 1 - 0.85 * Math.exp(-(((part - 0.4) / 0.06) ** 2))
    const edges = Math.min(1, part / 0.08, (1 - part) / 0.2)
    sound[at] = dip * edges * voice.next(115 + 35 * Math.max(0, part - 0.35), HUM)
  }
  return atPeak(0.4, sound)
}

/** A room with people: eight voices at a distance, each with its own pitch and pace. It can be repeated without a gap. */
export function people() {
  const sound = new Float32Array(6 * LINE_HZ)
  for (let person = 1; person <= 8; person += 1) talk(sound, person)
  return atPeak(0.15, sound)
}

/** @param {Float32Array} room @param {number} person */
function talk(room, person) {
  const random = noise(person)
  const voice = new Voice(person)
  const pitch = 95 + 110 * random()
  const loudness = 0.5 + 0.5 * random()
  let at = Math.floor(random() * room.length)
  for (let left = room.length; left > 0; ) {
    const length = Math.min(left, Math.round((0.12 + 0.16 * random()) * LINE_HZ))
    const vowel = VOWELS[Math.floor(random() * VOWELS.length)] ?? HUM
    const isPause = random() < 0.2
    const hz = pitch * (0.9 + 0.25 * random())
    for (let sample = 0; sample < length; sample += 1) {
      const shape = Math.sin((Math.PI * sample) / length)
      const here = (at + sample) % room.length
      room[here] = (room[here] ?? 0) + (isPause ? 0 : loudness * shape * voice.next(hz, vowel))
    }
    at += length
    left -= length
  }
}

/** How fast a resonance dies away: it is 180 Hz wide. */
const RADIUS = Math.exp((-Math.PI * 180) / LINE_HZ)

/** @typedef {{ readonly turn: number, readonly gain: number }[]} Vowel the resonances of a mouth */

/** @param {...readonly [hz: number, gain: number]} resonances @returns {Vowel} */
const vowel = (...resonances) =>
  resonances.map(([hz, gain]) => ({ turn: 2 * RADIUS * Math.cos((2 * Math.PI * hz) / LINE_HZ), gain }))

const HUM = vowel([250, 1], [1_000, 0.1])
const VOWELS = [
  vowel([700, 1], [1_200, 1]),
  vowel([450, 1], [1_900, 0.9]),
  vowel([300, 1], [2_200, 0.8]),
  vowel([500, 1], [900, 1]),
  vowel([350, 1], [750, 1])
]

/** A throat and a mouth: pulses through resonances. */
class Voice {
  #phase = 0
  #breath
  /** The last two samples of each resonance. */
  #past = [0, 0, 0, 0]

  /** @param {number} seed */
  constructor(seed) {
    this.#breath = noise(seed + 100)
  }

  /** @param {number} hz @param {Vowel} vowel */
  next(hz, vowel) {
    const before = this.#phase
    this.#phase = (before + hz / LINE_HZ) % 1
    // The throat's opening falls shut once a period: a step, whose slope has all overtones alike.
    const source = this.#phase - before - 0.6 * this.#breath() * (hz / LINE_HZ)
    let sum = 0
    for (let index = 0; index < vowel.length; index += 1) sum += this.#resonate(2 * index, vowel[index], source)
    return sum
  }

  /** @param {number} slot @param {Vowel[number] | undefined} resonance @param {number} input */
  #resonate(slot, resonance, input) {
    if (!resonance) return 0
    const [one = 0, two = 0] = [this.#past[slot], this.#past[slot + 1]]
    const output = input + resonance.turn * one - RADIUS ** 2 * two
    this.#past[slot] = output
    this.#past[slot + 1] = one
    return resonance.gain * output
  }
}

/** A burst of breath. @param {() => number} random @param {number} seconds @param {number} loudness */
function burst(random, seconds, loudness) {
  const sound = new Float32Array(Math.round(seconds * LINE_HZ))
  let low = 0
  for (let at = 0; at < sound.length; at += 1) {
    const part = at / sound.length
    low += 0.35 * (2 * random() - 1 - low)
    sound[at] = loudness * low * Math.min(1, part / 0.03) * Math.exp(-4 * part)
  }
  return sound
}

/** @param {number} peak @param {Float32Array} sound */
function atPeak(peak, sound) {
  const loudest = sound.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  return sound.map((sample) => (peak * sample) / loudest)
}

/** @param {number} seconds */
const silence = (seconds) => new Float32Array(Math.round(seconds * LINE_HZ))

/** @param {readonly Float32Array[]} parts */
function joined(parts) {
  return Float32Array.from(parts.flatMap((part) => [...part]))
}

/** Numbers from 0 to 1 that are the same for the same seed. @param {number} seed */
function noise(seed) {
  let state = seed * 2_654_435_761
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
