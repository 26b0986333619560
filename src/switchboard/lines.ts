import type { Admission, Missed } from '../call/admission.ts'
import { isExpected, isTaken, type Line, type LineEvent, missedBy, nextLine } from './line.ts'

/**
 * Keeps the lines, by callSid (one number may call twice at once), and sends a line `timed out`.
 *
 * `change` must stay synchronous for 'streamed'. It runs in the tick of `start`, and frames behind `start`, a `stop`
 * among them, may be in the same read: the call has to be admitted before they are handled. A store on another machine
 * has to admit by what is known here (the token names the caller) and write it afterwards.
 * 'ended' may be written later too, but before the same call's 'asked'.
 * Webhooks and the drain use everything else and can wait for an answer: `find`, `take`, `change` for 'asked' and
 * 'given back', `taken` and `areAnyExpected`.
 */
export interface LineStore {
  /** How many lines count against the limit. */
  readonly taken: number
  /** A stream or a question of Twilio's may be on its way here. */
  readonly areAnyExpected: boolean
  find(callSid: string): Line | undefined
  /**
   * Gives a new caller a line, unless `most` are taken. It is one step, so that two webhooks never take the same last
   * line.
   */
  take(admission: Admission, most: number): boolean
  /** Applies `nextLine` to a line. @returns the line before */
  change(callSid: string, event: LineEvent): Line | undefined
  /** Resolves at the next change of any line. */
  changed(): Promise<void>
  /** Removes every line. */
  close(): void
}

/** The lines of one process. */
export class MemoryLines implements LineStore {
  readonly #lines = new Map<string, { readonly line: Line; readonly timer: NodeJS.Timeout | undefined }>()
  readonly #onMissed: (missed: Missed) => void
  #change = Promise.withResolvers<void>()

  /** @param onMissed told of each call that was answered, when it is over and its stream has not come */
  constructor(onMissed: (missed: Missed) => void = () => {}) {
    this.#onMissed = onMissed
  }

  get taken(): number {
    let taken = 0
    for (const { line } of this.#lines.values()) if (isTaken(line)) taken += 1
    return taken
  }

  get areAnyExpected(): boolean {
    return this.#lines.values().some(({ line }) => isExpected(line))
  }

  find(callSid: string): Line | undefined {
    return this.#lines.get(callSid)?.line
  }

  take(admission: Admission, most: number): boolean {
    if (this.taken >= most) return false
    this.change(admission.claims.callSid, { type: 'expected', admission, at: Date.now() })
    return true
  }

  change(callSid: string, event: LineEvent): Line | undefined {
    const before = this.find(callSid)
    const line = nextLine(before, event)
    if (line !== before) this.#set(callSid, line)
    const missed = missedBy(event, before, line)
    if (missed) this.#onMissed(missed)
    return before
  }

  changed(): Promise<void> {
    return this.#change.promise
  }

  close(): void {
    for (const callSid of [...this.#lines.keys()]) this.change(callSid, { type: 'closed', at: Date.now() })
  }

  #set(callSid: string, line: Line | undefined): void {
    clearTimeout(this.#lines.get(callSid)?.timer)
    if (line) this.#lines.set(callSid, { line, timer: this.#timerFor(callSid, line) })
    else this.#lines.delete(callSid)
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
  }

  #timerFor(callSid: string, line: Line): NodeJS.Timeout | undefined {
    if (!('until' in line)) return undefined
    const run = () => this.change(callSid, { type: 'timed out', at: Date.now() })
    return setTimeout(run, line.until - Date.now()).unref()
  }
}
