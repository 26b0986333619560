import type { Config } from '../config.ts'
import type { Consent, RecordingState } from './consent.ts'
import type { Journal } from './journal.ts'

/** Decides whether the sound of a call may be kept, and says so in the call's journal. */
export class RecordingConsent {
  readonly #mode: Config['call']['recording']
  readonly #journal: Journal
  #consent: Consent | undefined
  #state: RecordingState = 'none'
  /** Pauses that have not ended: two tools may pause at the same time. */
  #pauses = 0
  #pausedAtMs = 0

  constructor(mode: Config['call']['recording'], journal: Journal) {
    this.#mode = mode
    this.#journal = journal
    if (mode === 'off') return
    journal.on('accepted', ({ at, before }) => {
      // Twilio opens the stream when it has spoken the notice, and speaks it once a call.
      const isAnnounced = mode === 'announce'
      this.#consent = before?.consent ?? { mode, noticeHeardAt: isAnnounced ? at : null, answer: null }
      this.#tell(before?.recording ?? (isAnnounced ? 'kept' : 'none'))
    })
    journal.on('ended', () => {
      if (this.#pauses > 0) this.#resume()
    })
  }

  /** The caller agrees, or withdraws what they agreed to: then what was kept is deleted. */
  answer(isAllowed: boolean): void {
    if (!this.#consent) return
    const { mode, noticeHeardAt } = this.#consent
    this.#consent = { mode, noticeHeardAt: noticeHeardAt ?? Date.now(), answer: isAllowed ? 'yes' : 'no' }
    if (isAllowed) this.#tell('kept')
    else this.#tell(this.#state === 'kept' ? 'deleted' : this.#state)
  }

  /** @returns ends the pause */
  pause(): () => void {
    if (this.#mode === 'off') return () => {}
    this.#pauses += 1
    if (this.#pauses === 1) {
      this.#pausedAtMs = this.#journal.msOf()
      this.#journal.emit({ type: 'recording_paused' })
    }
    let isOver = false
    return () => {
      // The end of the call ends all pauses.
      if (isOver || this.#pauses === 0) return
      isOver = true
      if (this.#pauses === 1) this.#resume()
      else this.#pauses -= 1
    }
  }

  #resume(): void {
    this.#pauses = 0
    this.#journal.emit({ type: 'recording_gap', fromMs: this.#pausedAtMs, toMs: this.#journal.msOf() })
  }

  #tell(state: RecordingState): void {
    this.#state = state
    if (this.#consent) this.#journal.emit({ type: 'recording', state, consent: this.#consent })
  }
}
