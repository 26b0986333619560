import { decodeMulaw, encodeMulaw } from '../mulaw.js'

const LINE_HZ = 8_000

/** The devices of one call: what is spoken here becomes the line's frames, and what comes from the line is played. */
export class Audio {
  /** @type {(frame: Uint8Array) => void} told of 160 bytes of mu-law every 20 ms, in silence too */
  onFrame = () => {}
  /** @type {(mark: string) => void} told of a mark when what came before it has been heard, or was cleared */
  onMark = () => {}
  #context
  #microphone
  #input
  #output
  /** What is played into the line beside the microphone. */
  #sources = new Set()
  #isMuted = false
  #isDucked = false
  #voice

  /**
   * The device keeps its own rate: Firefox refuses another one where there is a microphone. The echo is cancelled of what
   * this same context plays.
   * @param {MediaStream | undefined} stream the microphone's
   */
  static async open(stream) {
    const context = new AudioContext({ latencyHint: 'interactive' })
    await context.audioWorklet.addModule(new URL('./worklet.js', import.meta.url).href)
    await context.resume()
    return new Audio(context, stream)
  }

  /** @param {AudioContext} context @param {MediaStream | undefined} stream */
  constructor(context, stream) {
    this.#context = context
    this.stream = stream
    const mono = /** @type {const} */ ({ channelCount: 1, channelCountMode: 'explicit' })
    this.#input = new AudioWorkletNode(context, 'line-in', { ...mono, numberOfOutputs: 1 })
    this.#output = new AudioWorkletNode(context, 'line-out', { ...mono, numberOfInputs: 0, outputChannelCount: [1] })
    this.#microphone = context.createGain()
    this.#microphone.connect(this.#input)
    if (stream) context.createMediaStreamSource(stream).connect(this.#microphone)
    this.#voice = context.createAnalyser()
    this.#output.connect(this.#voice).connect(context.destination)
    // It is silent, and runs only as long as it leads somewhere.
    this.#input.connect(context.destination)
    this.#input.port.onmessage = ({ data }) => this.onFrame(encodeMulaw(data))
    this.#output.port.onmessage = ({ data }) => this.onMark(data)
  }

  /** @param {Uint8Array} mulaw played after what was given before */
  play(mulaw) {
    const audio = decodeMulaw(mulaw)
    this.#output.port.postMessage({ audio }, [audio.buffer])
  }

  /** @param {string} name told to `onMark` when everything before it has left the loudspeaker */
  mark(name) {
    const { baseLatency, outputLatency } = this.#context
    this.#output.port.postMessage({ mark: name, latencyMs: 1_000 * (outputLatency || baseLatency || 0) })
  }

  /** Forgets at once what was not played yet. */
  clear() {
    this.#output.port.postMessage({ clear: true })
  }

  /** @param {boolean} isMuted */
  mute(isMuted) {
    this.#isMuted = isMuted
    this.#setMicrophone()
  }

  /**
   * Plays a sound into the line, beside the microphone, or in its place and then also here.
   * @param {Float32Array} samples at 8,000 Hz
   * @param {{ loop?: boolean, alone?: boolean }} [how]
   * @returns {{ ended: Promise<void>, stop: () => void }}
   */
  send(samples, { loop = false, alone = false } = {}) {
    const buffer = this.#context.createBuffer(1, samples.length, LINE_HZ)
    buffer.copyToChannel(new Float32Array(samples), 0)
    const source = new AudioBufferSourceNode(this.#context, { buffer, loop })
    source.connect(this.#input)
    this.#sources.add(source)
    if (alone) {
      source.connect(this.#context.destination)
      this.#duck(true)
    }
    const ended = new Promise((/** @type {(value: void) => void} */ resolve) => {
      source.onended = () => {
        this.#sources.delete(source)
        if (alone) this.#duck(false)
        resolve()
      }
    })
    source.start()
    return { ended, stop: () => source.stop() }
  }

  /** How loud the agent is now, from 0 to 1. */
  get loudness() {
    const samples = new Float32Array(this.#voice.fftSize)
    this.#voice.getFloatTimeDomainData(samples)
    return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  }

  close() {
    this.onFrame = () => {}
    this.onMark = () => {}
    for (const source of this.#sources) source.stop()
    this.#input.port.postMessage('close')
    this.#output.port.postMessage({ close: true })
    for (const track of this.stream?.getTracks() ?? []) track.stop()
    void this.#context.close()
  }

  /** @param {boolean} isDucked */
  #duck(isDucked) {
    this.#isDucked = isDucked
    this.#setMicrophone()
  }

  #setMicrophone() {
    this.#microphone.gain.value = this.#isMuted || this.#isDucked ? 0 : 1
  }
}
