import type { Reader } from '../call/create-call.ts'
import type { EndReason } from '../call/end-reason.ts'
import type { Answer, Line } from '../switchboard/line.ts'

/** Later than any clock. */
export const NEVER = Number.MAX_SAFE_INTEGER

/** For the words that are owed at the end, of which the call waits for 2 s at most. */
const WORDS_MS = 2_500
/** Twilio asks what comes next as soon as a stream has closed, and a caller who has hung up is asked about no more. */
const LOST_MS = 10_000
/** A person's telephone rings for 30 s, and the caller may come back after it. */
const DIALLING_MS = 40_000
/** For a stream that Twilio was told to open. */
const AGAIN_MS = 65_000

/** After these a caller may come back to the agent: how long it takes until they do, or will not. */
const MAY_COME_BACK: Partial<Record<EndReason, number>> = {
  caller_left_early: WORDS_MS,
  stream_lost: LOST_MS,
  transferred: LOST_MS
}

/** Told when a call is over: at `at` as far as is known now, and told again with another time while that changes. */
export type OnCallEnd = (callId: string, at: number, dueAt: number) => void

/**
 * Tells when a call is over for good. A stream's end is that of its call, except where the caller may come back in
 * another stream; what is due at the end then waits until Twilio has been answered, or for as long as that can take.
 */
export class CallEnds {
  readonly #tell: OnCallEnd
  /** Calls whose last stream has ended, while more may become known. */
  readonly #open = new Map<string, End>()

  constructor(tell: OnCallEnd) {
    this.#tell = tell
  }

  readonly reader: Reader = (call) => {
    let end: End | undefined
    call.journal.follow(({ event }) => {
      if (event.type === 'accepted') this.#begin(event.claims.callSid)
      // The newer stream goes on with the call.
      if (event.type !== 'ended' || event.reason === 'superseded' || call.context.callSid === '') return
      end = this.#end(call.context.callSid, event.at, event.reason)
    })
    void call.ended.then(() => {
      if (!end) return
      end.hasWords = true
      this.#settle(end)
    })
  }

  /** Twilio was told what comes next for a call. */
  onNext(callSid: string, before: Line | undefined, { do: next }: Answer['next']): void {
    const end = this.#open.get(callSid)
    // The question was about a stream that a newer one has replaced.
    if (!end || before?.name === 'streaming') return
    if (next === 'dial') this.#tell(callSid, end.at, Date.now() + DIALLING_MS)
    else if (next === 'stream') this.#tell(callSid, end.at, Date.now() + AGAIN_MS)
    else {
      end.isFinal = true
      this.#settle(end)
    }
  }

  #begin(callId: string): void {
    this.#open.delete(callId)
    this.#tell(callId, Date.now(), NEVER)
  }

  #end(callId: string, at: number, reason: EndReason): End {
    const waitsMs = MAY_COME_BACK[reason]
    const end = { callId, at, isFinal: waitsMs === undefined, hasWords: false }
    this.#open.set(callId, end)
    // Longer than anything of it is waited for.
    setTimeout(() => this.#forget(end), AGAIN_MS).unref()
    this.#tell(callId, at, at + (waitsMs ?? WORDS_MS))
    return end
  }

  #settle(end: End): void {
    if (!end.isFinal || !end.hasWords || this.#open.get(end.callId) !== end) return
    this.#forget(end)
    this.#tell(end.callId, end.at, Date.now())
  }

  #forget(end: End): void {
    if (this.#open.get(end.callId) === end) this.#open.delete(end.callId)
  }
}

interface End {
  readonly callId: string
  readonly at: number
  /** The caller does not come back. */
  isFinal: boolean
  /** The words that were owed have come, or will not. */
  hasWords: boolean
}
