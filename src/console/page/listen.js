import { signal } from '@preact/signals'
import { callUrl } from './api.js'
import { decodeMulaw } from './mulaw.js'

/** The first byte of each message of `/api/calls/:callSid/listen`; mu-law follows. */
const CALLER = 0
const AGENT = 1
/** The agent's sound that was not played yet is not going to be. */
const CLEAR = 2
/** Frames wait this long before they are played, in s: they do not come as evenly as they are spoken. */
const AHEAD_S = 0.15
const RATE = 8_000

/** The call that is listened to. @type {import('@preact/signals').Signal<string | undefined>} */
export const isListening = signal(undefined)
/** @type {import('@preact/signals').Signal<Error | undefined>} */
export const listenProblem = signal(undefined)

/** @type {(() => void) | undefined} */
let stop

export function stopListening() {
  stop?.()
  stop = undefined
  isListening.value = undefined
}

/** Plays a running call: the caller a little to the left, the agent to the right. @param {string} id */
export function listen(id) {
  stopListening()
  isListening.value = id
  listenProblem.value = undefined
  const context = new AudioContext({ sampleRate: RATE })
  const caller = new Lane(context, -0.5)
  const agent = new Lane(context, 0.5)
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}${callUrl(id)}/listen`)
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }) => {
    const message = new Uint8Array(data)
    const [kind, mulaw] = [message[0], message.subarray(1)]
    if (kind === CALLER) caller.play(mulaw)
    else if (kind === AGENT) agent.play(mulaw)
    else if (kind === CLEAR) agent.clear()
  }
  socket.onclose = ({ reason, wasClean }) => {
    if (!wasClean) listenProblem.value = new Error(reason || 'The sound of this call cannot be listened to.')
    if (isListening.value === id) isListening.value = undefined
    void context.close()
  }
  stop = () => {
    socket.onclose = null
    socket.close()
    void context.close()
  }
}

/** One side of the call: plays each frame after the one before. */
class Lane {
  /** When the next frame is played, on the context's clock. */
  #next = 0
  /** @type {Set<AudioBufferSourceNode>} */
  #waiting = new Set()
  #output
  #context

  /** @param {AudioContext} context @param {number} pan */
  constructor(context, pan) {
    this.#context = context
    this.#output = new StereoPannerNode(context, { pan })
    this.#output.connect(context.destination)
  }

  /** @param {Uint8Array} mulaw */
  play(mulaw) {
    if (mulaw.length === 0) return
    const buffer = new AudioBuffer({ length: mulaw.length, sampleRate: RATE })
    buffer.copyToChannel(decodeMulaw(mulaw), 0)
    const source = new AudioBufferSourceNode(this.#context, { buffer })
    source.connect(this.#output)
    source.onended = () => this.#waiting.delete(source)
    this.#waiting.add(source)
    if (this.#next < this.#context.currentTime) this.#next = this.#context.currentTime + AHEAD_S
    source.start(this.#next)
    this.#next += mulaw.length / RATE
  }

  clear() {
    for (const source of this.#waiting) source.stop()
    this.#next = 0
  }
}
