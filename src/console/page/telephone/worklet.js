// Runs in the browser's audio thread. It imports nothing: the page's import map does not reach worklets.

/** A telephone line: 8,000 samples a second, in frames of 20 ms. */
const LINE_HZ = 8_000
const FRAME_SAMPLES = 160
/** Half of the low-pass falls away here: what is above the line's 4 kHz would fold back into the voice. */
const CUTOFF_HZ = 3_600
/** The low-pass looks this far to both sides, which also is its delay. */
const REACH_S = 0.002
/** Positions between two samples for which the low-pass is computed; with 512, errors stay below mu-law's own noise. */
const PHASES = 512
const RING_SAMPLES = 2 ** 15

/** The newest samples, by their number since the beginning. */
class Ring {
  #samples = new Float32Array(RING_SAMPLES)
  /** The number of the sample that comes next. */
  end = 0

  /** @param {number} number */
  at(number) {
    return number < 0 || number >= this.end ? 0 : (this.#samples[number & (this.#samples.length - 1)] ?? 0)
  }

  /** @param {Float32Array} samples @param {number} needed samples before these that will still be read */
  push(samples, needed) {
    while (needed + samples.length > this.#samples.length) this.#grow()
    for (const sample of samples) {
      this.#samples[this.end & (this.#samples.length - 1)] = sample
      this.end += 1
    }
  }

  #grow() {
    const larger = new Float32Array(2 * this.#samples.length)
    for (let number = Math.max(0, this.end - this.#samples.length); number < this.end; number += 1) {
      larger[number & (larger.length - 1)] = this.at(number)
    }
    this.#samples = larger
  }
}

/** A low-pass that is read between samples: it changes the rate and keeps what a telephone carries. */
class LowPass {
  /** @param {number} rate of the samples that go in */
  constructor(rate) {
    this.reach = Math.ceil(REACH_S * rate)
    this.cutoff = CUTOFF_HZ / rate
    /** @type {(Float32Array | undefined)[]} */
    this.rows = new Array(PHASES)
  }

  /** The sound at a position, in samples. @param {Ring} ring @param {number} position */
  read(ring, position) {
    const whole = Math.floor(position)
    const phase = Math.floor((position - whole) * PHASES)
    const row = this.rows[phase] ?? this.#row(phase)
    const first = whole - this.reach + 1
    let sum = 0
    for (let tap = 0; tap < row.length; tap += 1) sum += (row[tap] ?? 0) * ring.at(first + tap)
    return sum
  }

  /** @param {number} phase */
  #row(phase) {
    const row = Float32Array.from({ length: 2 * this.reach }, (_, tap) => {
      const x = tap - this.reach + 1 - phase / PHASES
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / this.reach)
      const angle = 2 * Math.PI * this.cutoff * x
      return 2 * this.cutoff * (x === 0 ? 1 : Math.sin(angle) / angle) * window
    })
    this.rows[phase] = row
    return row
  }
}

/** What the caller's side sounds like, as the line's frames. It goes on in silence: the line's clock is the device's. */
class LineIn extends AudioWorkletProcessor {
  #ring = new Ring()
  #lowPass = new LowPass(sampleRate)
  #position = 0
  #frame = new Float32Array(FRAME_SAMPLES)
  #filled = 0
  #isOver = false

  constructor() {
    super()
    this.port.onmessage = () => {
      this.#isOver = true
    }
  }

  /** @param {Float32Array[][]} inputs @param {Float32Array[][]} outputs */
  process([input], [output]) {
    const block = input?.[0] ?? new Float32Array(output?.[0]?.length ?? 128)
    this.#ring.push(block, 2 * this.#lowPass.reach)
    while (this.#position + this.#lowPass.reach < this.#ring.end) {
      this.#frame[this.#filled] = this.#lowPass.read(this.#ring, this.#position)
      this.#position += sampleRate / LINE_HZ
      this.#filled += 1
      if (this.#filled === FRAME_SAMPLES) this.#send()
    }
    return !this.#isOver
  }

  #send() {
    this.port.postMessage(this.#frame, [this.#frame.buffer])
    this.#frame = new Float32Array(FRAME_SAMPLES)
    this.#filled = 0
  }
}

/**
 * The line's sound for the device, and its clock: a mark is answered when what came before it has left the loudspeaker,
 * or by `clear`.
 */
class LineOut extends AudioWorkletProcessor {
  #ring = new Ring()
  #lowPass = new LowPass(LINE_HZ)
  /** What the device plays now, in the line's samples since the beginning. */
  #position = 0
  /** @type {{ name: string, at: number }[]} */
  #marks = []
  #isOver = false

  constructor() {
    super()
    this.port.onmessage = ({ data }) => this.#obey(data)
  }

  /** @param {Float32Array[][]} _inputs @param {Float32Array[][]} outputs */
  process(_inputs, [output]) {
    const block = output?.[0]
    for (let index = 0; block && index < block.length; index += 1) {
      block[index] = this.#lowPass.read(this.#ring, this.#position)
      this.#position += LINE_HZ / sampleRate
    }
    while (this.#marks[0] && this.#marks[0].at <= this.#position) this.#answer()
    return !this.#isOver
  }

  /** @param {{ audio?: Float32Array, mark?: string, latencyMs?: number, clear?: boolean, close?: boolean }} order */
  #obey({ audio, mark, latencyMs = 0, clear, close }) {
    if (audio) this.#play(audio)
    if (mark !== undefined) this.#mark(mark, latencyMs)
    if (clear) this.#clear()
    if (close) this.#isOver = true
  }

  /** @param {Float32Array} audio */
  #play(audio) {
    const begins = Math.ceil(this.#position) + this.#lowPass.reach
    const missing = begins - this.#ring.end
    // After a pause nothing older than the low-pass's reach is read any more.
    if (missing > 0) {
      const silence = Math.min(missing, 2 * this.#lowPass.reach)
      this.#ring.end = begins - silence
      this.#ring.push(new Float32Array(silence), 0)
    }
    this.#ring.push(audio, this.#ring.end - Math.floor(this.#position) + this.#lowPass.reach)
  }

  /** @param {string} name @param {number} latencyMs the device's own, between here and the loudspeaker */
  #mark(name, latencyMs) {
    const latency = (latencyMs * LINE_HZ) / 1_000
    this.#marks.push({ name, at: this.#ring.end > this.#position ? this.#ring.end + latency : this.#position })
    if (this.#marks.length === 1 && this.#ring.end <= this.#position) this.#answer()
  }

  #clear() {
    this.#ring.end = Math.min(this.#ring.end, Math.ceil(this.#position))
    while (this.#marks.length > 0) this.#answer()
  }

  #answer() {
    const mark = this.#marks.shift()
    if (mark) this.port.postMessage(mark.name)
  }
}

registerProcessor('line-in', LineIn)
registerProcessor('line-out', LineOut)
