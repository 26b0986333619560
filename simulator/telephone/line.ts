import { mixed, SILENCE_BYTE } from '../sound/mulaw.ts'
import { CallOver } from './errors.ts'

export const FRAME_MS = 20
export const FRAME_BYTES = 160
export const SILENT_FRAME: Buffer = Buffer.alloc(FRAME_BYTES, SILENCE_BYTE)

interface Utterance {
  readonly mulaw: Uint8Array
  at: number
  readonly sent: () => void
  readonly lost: (error: Error) => void
}

/** The caller's microphone: a queue of sound, from which 20 ms are taken at a time. */
export class Line {
  #utterances: Utterance[] = []
  #over: Error | undefined
  #background: { readonly mulaw: Uint8Array; at: number } | undefined

  /** Sound behind whatever the caller says, over and over; undefined ends it. */
  background(mulaw: Uint8Array | undefined): void {
    this.#background = mulaw && mulaw.length >= FRAME_BYTES ? { mulaw, at: 0 } : undefined
  }

  /**
   * Resolves when the last frame was taken; rejects with CallOver when the call ended first. The promise may be
   * ignored.
   */
  play(mulaw: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    promise.catch(() => {})
    if (this.#over) reject(this.#over)
    else if (mulaw.length === 0) resolve()
    else this.#utterances.push({ mulaw, at: 0, sent: resolve, lost: reject })
    return promise
  }

  takeFrame(): Buffer {
    const frame = this.#takeVoice()
    const behind = this.#background
    if (!behind) return frame
    if (behind.at + FRAME_BYTES > behind.mulaw.length) behind.at = 0
    behind.at += FRAME_BYTES
    return mixed(frame, behind.mulaw.subarray(behind.at - FRAME_BYTES, behind.at))
  }

  #takeVoice(): Buffer {
    const [first] = this.#utterances
    if (!first) return SILENT_FRAME
    const frame = Buffer.from(SILENT_FRAME)
    frame.set(first.mulaw.subarray(first.at, first.at + FRAME_BYTES))
    first.at += FRAME_BYTES
    if (first.at >= first.mulaw.length) {
      this.#utterances.shift()
      first.sent()
    }
    return frame
  }

  hangUp(): void {
    this.#over = new CallOver()
    for (const { lost } of this.#utterances.splice(0)) lost(this.#over)
  }
}
