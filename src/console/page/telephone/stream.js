/** @typedef {import('../../instruction.ts').Stream} Ordered */

const FRAME_MS = 20

/** The server keeps a stream on which it cannot be heard for some seconds; frames beyond this would only come late. */
const MOST_UNSENT_BYTES = 100_000

/** One media stream of a call, as Twilio would open it: the same messages, through the console's door. */
export class Stream {
  #socket
  #audio
  #callSid
  #accountSid
  #streamSid = `MZ${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
  #sequence = 0
  #frames = 0

  /**
   * @param {Ordered} ordered what the server gave for it
   * @param {import('./audio.js').Audio} audio its devices
   */
  constructor({ callSid, accountSid, parameters }, audio) {
    this.#audio = audio
    this.#callSid = callSid
    this.#accountSid = accountSid ?? undefined
    const { host, protocol } = location
    this.#socket = new WebSocket(`${protocol === 'https:' ? 'wss' : 'ws'}://${host}/api/phone/stream`)
    /** Resolves when the call is on its way: to true, or to false when the server did not take the stream. */
    this.opened = new Promise((/** @type {(isOpen: boolean) => void} */ resolve) => {
      this.#socket.onopen = () => {
        this.#start(parameters)
        resolve(true)
      }
      this.#socket.addEventListener('close', () => resolve(false))
    })
    /** Resolves when the stream is over, whoever ended it. */
    this.closed = new Promise((/** @type {(value: void) => void} */ resolve) => {
      this.#socket.addEventListener('close', () => resolve())
    })
    this.#socket.onmessage = ({ data }) => this.#obey(JSON.parse(data))
    audio.onMark = (name) => this.#send('mark', { mark: { name } })
  }

  /** @param {string} digit `0` to `9`, `*`, `#` */
  press(digit) {
    this.#send('dtmf', { dtmf: { track: 'inbound_track', digit } })
  }

  /** The caller hangs up. */
  stop() {
    this.#send('stop', { stop: { accountSid: this.#accountSid, callSid: this.#callSid } })
    this.#end()
  }

  /** @param {Readonly<Record<string, string>>} customParameters */
  #start(customParameters) {
    const streamSid = this.#streamSid
    this.#write({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 }
    const start = { accountSid: this.#accountSid, streamSid, callSid: this.#callSid, tracks: ['inbound'], mediaFormat }
    this.#send('start', { start: { ...start, customParameters } })
    this.#audio.onFrame = (frame) => this.#media(frame)
  }

  /**
   * The timestamp goes on also where a frame is dropped: the server sees the gap. The order of the fields is Twilio's, which
   * the server reads without parsing.
   * @param {Uint8Array} frame
   */
  #media(frame) {
    const timestamp = this.#frames * FRAME_MS
    this.#frames += 1
    if (this.#socket.bufferedAmount > MOST_UNSENT_BYTES) return
    const numbers = { chunk: `${this.#frames}`, timestamp: `${timestamp}` }
    this.#send('media', { media: { track: 'inbound', ...numbers, payload: toBase64(frame) } })
  }

  /** @param {{ event: string, media?: { payload: string }, mark?: { name: string } }} message */
  #obey({ event, media, mark }) {
    if (event === 'media' && media) this.#audio.play(fromBase64(media.payload))
    if (event === 'mark' && mark) this.#audio.mark(mark.name)
    if (event === 'clear') this.#audio.clear()
  }

  /** @param {string} event @param {object} fields */
  #send(event, fields) {
    this.#sequence += 1
    this.#write({ event, sequenceNumber: `${this.#sequence}`, ...fields, streamSid: this.#streamSid })
  }

  /** @param {object} message */
  #write(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message))
  }

  #end() {
    this.#audio.onFrame = () => {}
    this.#audio.onMark = () => {}
    this.#socket.close(1000)
  }
}

/** @param {Uint8Array} bytes */
const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes))

/** @param {string} text */
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
