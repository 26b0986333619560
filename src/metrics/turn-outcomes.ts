import type { CallEvent } from '../call/events.ts'
import type { KeptTurn } from '../call/turns.ts'
import type { TURN_OUTCOMES } from './labels.ts'

type Outcome = (typeof TURN_OUTCOMES)[number]

/** What came of each turn of the caller's, in order: the answer to it was heard to its end, or cut, or there was none. */
export class TurnOutcomes {
  readonly #count: (outcome: Outcome) => void
  /** A turn that waits for its answer. */
  #open: { hasFailed: boolean } | undefined

  constructor(count: (outcome: Outcome) => void) {
    this.#count = count
  }

  note(event: CallEvent): void {
    switch (event.type) {
      case 'caller_turn':
        this.#close()
        this.#open = { hasFailed: false }
        return
      case 'turn_forgotten':
        this.#open = undefined
        return
      case 'answer_finished':
        if (event.status === 'failed' && this.#open) this.#open.hasFailed = true
        return
      case 'ended':
        return this.#close()
    }
  }

  /** @param turn an answer to a caller's turn that was played, or of which the rest was cleared: all of it, perhaps */
  answered({ heardMs, cut }: KeptTurn): void {
    if (!this.#open || !(cut || heardMs)) return
    this.#open = undefined
    this.#count(cut ? 'cut' : 'answered')
  }

  #close(): void {
    if (this.#open) this.#count(this.#open.hasFailed ? 'failed' : 'no_answer')
    this.#open = undefined
  }
}
