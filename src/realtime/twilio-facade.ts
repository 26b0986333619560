import type { CallerLeg } from '../call/caller-leg.ts'

type Listener = (event: { data: string }) => void

/** An object that the SDK's Twilio transport takes for Twilio's socket, over a caller's leg. */
export interface TwilioFacade {
  addEventListener(type: 'message' | 'close' | 'error', listener: Listener): void
  send(message: string): void
  /** Replaces the payload of the SDK's next `media` frames, for audio that did not pass the SDK. */
  nextPayload: string | undefined
  /** True while the SDK gets a frame that the carrier did not send in this form. */
  readonly isTelling: boolean
  /** The model is lost: no more audio comes of the item that it was speaking, and the SDK sends no last mark for it. */
  modelLost(): void
}

/** The SDK names its marks `<item>:<ms>:g<n>:m<n>`, and `done:<item>:g<n>:m<n>` after the last audio of an item. */
const SDK_MARK = /^(?:done:(.+)|(.+):\d+):g\d+:m\d+$/
/** The prefix of a mark that the SDK did not send and does not get back. */
const LOST = 'lost:'

/**
 * The SDK gets only `start` and marks. The caller's audio does not pass it. It gets no 'close' and no 'error', because
 * the call ends the session itself.
 * @param itemId the item whose audio the SDK is sending
 */
export function twilioFacade(caller: CallerLeg, itemId: () => string | undefined): TwilioFacade {
  const listeners: Listener[] = []
  let isTelling = false
  /** The item that was sent last; undefined once its last mark was sent. */
  let unfinished: string | undefined

  const tell = (listener: Listener, frame: object) => {
    isTelling = true
    try {
      listener({ data: JSON.stringify(frame) })
    } finally {
      isTelling = false
    }
  }
  const tellAll = (frame: object) => {
    for (const listener of listeners) tell(listener, frame)
  }
  const mark = (name: string) => {
    const [, done, audio] = SDK_MARK.exec(name) ?? []
    const item = done ?? audio ?? itemId()
    if (item === undefined) return
    if (done !== undefined) unfinished = undefined
    caller.mark(name, item, done !== undefined)
  }
  const play = (payload: string) => {
    const item = itemId()
    if (item === undefined) return
    unfinished = item
    caller.play(payload, { item })
  }

  caller.on('start', ({ streamSid }) => tellAll(startFrame(streamSid)))
  caller.on('marks', (names) => {
    for (const name of names) if (!name.startsWith(LOST)) tellAll({ event: 'mark', mark: { name } })
  })

  const facade: TwilioFacade = {
    nextPayload: undefined,
    get isTelling() {
      return isTelling
    },
    addEventListener(type, listener) {
      if (type !== 'message') return
      listeners.push(listener)
      const { streamSid } = caller
      // A microtask, because the SDK attaches in its constructor, when a class that extends it has no fields yet.
      if (streamSid !== undefined) queueMicrotask(() => tell(listener, startFrame(streamSid)))
    },
    send(message) {
      const { nextPayload } = facade
      // Not parsed, because the SDK's own payload, where it is not empty, is as long as the audio.
      if (nextPayload !== undefined && message.startsWith('{"event":"media"')) return play(nextPayload)
      const frame = JSON.parse(message) as { event: string; media?: { payload: string }; mark?: { name: string } }
      if (frame.event === 'media' && frame.media) play(frame.media.payload)
      else if (frame.event === 'mark' && frame.mark) mark(frame.mark.name)
      else if (frame.event === 'clear') caller.clear()
    },
    modelLost() {
      if (unfinished === undefined) return
      const item = unfinished
      unfinished = undefined
      caller.mark(`${LOST}${item}`, item, true)
    }
  }
  return facade
}

/** Every leg's audio has this format. The SDK uses it only for the caller's frames. */
function startFrame(streamSid: string): object {
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 }
  return { event: 'start', streamSid, start: { streamSid, mediaFormat } }
}
