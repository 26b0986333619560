import { EventEmitter } from 'node:events'
import type { PhoneCall } from '../telephone/telephone.ts'

/** Whether the caller is connected to the agent, and not to Twilio's voice or a person. */
export class Connection extends EventEmitter<{ open: [] }> {
  #isOpen = false

  constructor(call: PhoneCall) {
    super()
    // Twilio requests the next document when a stream has closed. This listener comes first, because a verb comes after
    // its document.
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
