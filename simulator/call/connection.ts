import { EventEmitter } from 'node:events'
import type { PhoneCall } from '../telephone/telephone.ts'

/** Whether the caller has the agent on the line, and not Twilio's voice, a person, or nobody. */
export class Connection extends EventEmitter<{ open: [] }> {
  #isOpen = false

  constructor(call: PhoneCall) {
    super()
    // What comes after a stream is asked for when it has closed. First, because a verb comes after its document.
    call.webhooks.follow(() => {
      this.#isOpen = false
    })
    call.verbs.follow(({ name }) => {
      this.#isOpen = name === 'Connect'
      if (this.#isOpen) this.emit('open')
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }
}
