import type { CallerLeg } from '../call/caller-leg.ts'

type Listener = (event: { data: string }) => void

/** What the SDK's Twilio transport takes for Twilio's socket, over a caller's leg. */
export interface TwilioFacade {
  addEventListener(type: 'message' | 'close' | 'error', listener: Listener): void
  send(message: string): void
  /** Takes the place of the payload of the SDK's next `media` frames: audio that was taken past the SDK. */
  nextPayload: string | undefined
  /** The SDK is being told something just now, which the carrier did not say in these words. */
  readonly isTelling: boolean
  /** The model is gone: nothing more comes of the item that it was speaking, and the SDK sends no last mark for it. */
  modelLost(): void
}

/** The SDK names its marks `<item>:<ms>:g<n>:m<n>`, and `done:<item>:g<n>:m<n>` after the last audio of an item. */
const SDK_MARK = /^(?:done:(.+)|(.+):\d+):g\d+:m\d+$/
/** A mark that the SDK did not send and is not told of. */
const LOST = 'lost:'

/**
 * The SDK is told of the start and of marks. The caller's audio does not pass it, and 'close' and 'error' are the call's
 * business: it ends the session itself, in one place.
 * @param itemId the item whose audio the SDK is sending
 */
export function twilioFacade(caller: CallerLeg, itemId: () => string | undefined): TwilioFacade {
  const listeners: Listener[] = []
  let isTelling = false
  /** The item that was sent last, unless its last mark was. */
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
      // Not at once: the SDK attaches in its constructor, when a class that extends it has no fields yet.
      if (streamSid !== undefined) queueMicrotask(() => tell(listener, startFrame(streamSid)))
    },
    send(message) {
      const { nextPayload } = facade
      // Not parsed: the SDK's own payload is as long as the audio where it is not empty.
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

/** The format is that of every leg's audio; of the SDK's rules for it only those for the caller's frames depend on it. */
function startFrame(streamSid: string): object {
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 }
  return { event: 'start', streamSid, start: { streamSid, mediaFormat } }
}
