import type { Call } from '../call/call.ts'
import type { Reader } from '../call/create-call.ts'
import type { Config } from '../config.ts'

/** Whether a call may be listened to, now. */
export class Listening {
  readonly #mode: Config['call']['recording']
  readonly #sounds = new WeakMap<Call, { isAllowed: boolean; isPaused: boolean }>()

  constructor(mode: Config['call']['recording']) {
    this.#mode = mode
  }

  readonly reader: Reader = (call) => {
    const sound = { isAllowed: this.#mode === 'off', isPaused: false }
    this.#sounds.set(call, sound)
    call.journal.follow(({ event }) => {
      if (event.type === 'recording') sound.isAllowed = event.state === 'kept'
      else if (event.type === 'recording_paused') sound.isPaused = true
      else if (event.type === 'recording_gap') sound.isPaused = false
    })
  }

  isAllowed(call: Call): boolean {
    const sound = this.#sounds.get(call)
    return sound?.isAllowed === true && !sound.isPaused
  }
}
