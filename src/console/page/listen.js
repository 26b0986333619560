import { signal } from '@preact/signals'
import { callUrl } from './api.js'
import { decodeMulaw } from './mulaw.js'

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

/** Plays a running call: the caller on the left, the agent on the right. @param {string} id */
export function listen(id) {
  stopListening()
  isListening.value = id
  listenProblem.value = undefined
  const context = new AudioContext({ sampleRate: RATE })
  const lanes = { caller: lane(context, -0.5), agent: lane(context, 0.5) }
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}${callUrl(id)}/listen`)
  socket.binaryType = 'arraybuffer'
  socket.onmessage = ({ data }) => {
    const frame = new Uint8Array(data)
    // The caller spoke over the agent: what was still to be played is not heard on the line either.
    if (frame[0] === 2) lanes.agent.clear()
    else lanes[frame[0] === 0 ? 'caller' : 'agent'].play(frame.subarray(1))
  }
  socket.onclose = ({ reason, wasClean }) => {
    if (!wasClean || reason)
      listenProblem.value = new Error(reason || 'Listening is off (LISTEN), or the call is over.')
    if (isListening.value === id) isListening.value = undefined
    void context.close()
  }
  stop = () => {
    socket.onclose = null
    socket.close()
    void context.close()
  }
}

/** One side of the call: plays each frame after the one before. @param {AudioContext} context @param {number} pan */
function lane(context, pan) {
  const panner = new StereoPannerNode(context, { pan })
  panner.connect(context.destination)
  let next = 0
  /** @type {Set<AudioBufferSourceNode>} */
  const playing = new Set()
  const clear = () => {
    for (const source of playing) source.stop()
    next = 0
  }
  const play = (/** @type {Uint8Array} */ mulaw) => {
    const samples = decodeMulaw(mulaw)
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: RATE })
    buffer.copyToChannel(samples, 0)
    const source = new AudioBufferSourceNode(context, { buffer })
    source.connect(panner)
    if (next < context.currentTime) next = context.currentTime + AHEAD_S
    source.start(next)
    playing.add(source)
    source.onended = () => playing.delete(source)
    next += samples.length / RATE
  }
  return { play, clear }
}
