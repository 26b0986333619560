import type { Admission, Call, Transfer } from '../call/call.ts'
import { type Afterwards, afterwards } from '../call/end-reason.ts'
import type { Memory } from '../call/transcript.ts'
import type { StreamClaims } from '../twilio/stream-token.ts'

/** A caller's place, from the webhook's answer until nothing more can be asked about them. */
type Line =
  | {
      readonly name: 'answered'
      readonly answered: Admission
      readonly streams: number
      readonly timer: NodeJS.Timeout
    }
  | {
      readonly name: 'streaming'
      readonly claims: StreamClaims
      readonly call: Call
      readonly streams: number
      readonly hasSuperseded: boolean
    }
  /** The stream is closed and Twilio is about to ask what comes next. */
  | { readonly name: 'ended'; readonly past: Past; readonly next: Afterwards; readonly timer: NodeJS.Timeout }
  /** The caller is with a person, or waits for one to pick up. */
  | {
      readonly name: 'dialling'
      readonly past: Past
      readonly transfer: Transfer
      readonly ringsUntil: number
      readonly timer: NodeJS.Timeout
    }

/** What is kept of a caller between two streams. */
interface Past {
  readonly claims: StreamClaims
  readonly memory: readonly Memory[]
  readonly transfer: Transfer | undefined
  readonly streams: number
}

/** What Twilio is told to do with a caller. */
export type Next =
  | { readonly do: 'hang up' }
  | { readonly do: 'apologise' }
  | { readonly do: 'dial'; readonly transfer: Transfer }
  | { readonly do: 'stream'; readonly answered: Admission }

/** A stream that did not open in this time is not coming; its line is free again. */
const LINE_MS = 60_000
/** Twilio asks what comes next as soon as a stream is closed; after this time the caller was gone with it. */
const ASK_MS = 10_000
/** Twilio ends a dialled call after four hours by default, and then asks once more. */
const DIALLING_MS = 4 * 3_600_000 + LINE_MS
/** Twilio lets a person's telephone ring for 30 s; a caller who was not back soon after that talks to them. */
const RINGING_MS = 35_000
/** A stream that is lost again and again is not worth another try. */
const MOST_STREAMS = 4

/** Who has a line, and what is known of them: by callSid, because a number may call twice at once. */
export class Lines {
  readonly #lines = new Map<string, Line>()
  readonly #onUnused: (callSid: string) => void
  #change = Promise.withResolvers<void>()

  /** @param onUnused is told of a line whose stream never came */
  constructor(onUnused: (callSid: string) => void) {
    this.#onUnused = onUnused
  }

  /** Lines that count against the limit: callers who are on their way or with the agent. */
  get taken(): number {
    let taken = 0
    for (const { name } of this.#lines.values()) if (name === 'answered' || name === 'streaming') taken += 1
    return taken
  }

  /** A stream, or the question what comes after one, is on its way here, or may be: nobody has picked up yet. */
  get areAnyExpected(): boolean {
    for (const line of this.#lines.values()) {
      if (line.name === 'answered' || line.name === 'ended') return true
      if (line.name === 'dialling' && Date.now() < line.ringsUntil) return true
    }
    return false
  }

  /** Settles with the next change of any line. */
  changed(): Promise<void> {
    return this.#change.promise
  }

  /** The caller has a line and its stream has come or may still come. */
  isWaiting(callSid: string): boolean {
    const name = this.#lines.get(callSid)?.name
    return name === 'answered' || name === 'streaming'
  }

  /** The call whose stream has ended, if Twilio asks what comes next before the socket has told us. */
  askedAbout(callSid: string): Call | undefined {
    const line = this.#lines.get(callSid)
    if (line?.name !== 'streaming') return undefined
    if (!line.hasSuperseded) return line.call
    // It is the older stream that is asked about; the newer one goes on.
    this.#set(callSid, { ...line, hasSuperseded: false })
    return undefined
  }

  /** Takes a line for a stream that is on its way. */
  expect(answered: Admission): void {
    const { callSid } = answered.claims
    const timer = setTimeout(() => {
      this.#onUnused(callSid)
      this.#set(callSid, undefined)
    }, LINE_MS).unref()
    this.#set(callSid, { name: 'answered', answered, streams: this.#streams(callSid), timer })
  }

  /** The stream came. A newer stream of the same call takes the place of the older. */
  admit(claims: StreamClaims, call: Call): Admission {
    const line = this.#lines.get(claims.callSid)
    const streams = this.#streams(claims.callSid) + 1
    this.#set(claims.callSid, { name: 'streaming', claims, call, streams, hasSuperseded: line?.name === 'streaming' })
    if (line?.name === 'answered') return { ...line.answered, claims }
    if (line?.name !== 'streaming') return { claims, memory: [], returnedFrom: undefined }
    line.call.end('superseded')
    return { claims, memory: line.call.transcript.memory, returnedFrom: undefined }
  }

  /** The stream is closed. Does nothing for a call that has lost its line to a newer stream. */
  end(call: Call, memory: readonly Memory[]): void {
    const { callSid } = call.context
    const line = this.#lines.get(callSid)
    if (line?.name !== 'streaming' || line.call !== call || call.state.name !== 'ended') return
    const { reason } = call.state
    // A caller who has hung up is not asked about any more.
    if (reason === 'caller_hung_up') return this.#set(callSid, undefined)
    const past = { claims: line.claims, memory, transfer: call.transfer, streams: line.streams }
    const next = afterwards(reason)
    this.#set(callSid, { name: 'ended', past, next, timer: this.#forgetAfter(callSid, ASK_MS) })
  }

  /** @param status of the person who was dialled, when one was; and whether the caller's own call is over */
  next(callSid: string, { dial, isOver }: { readonly dial: string | undefined; readonly isOver: boolean }): Next {
    const line = this.#lines.get(callSid)
    if (!line || isOver) return this.#forget(callSid)
    switch (line.name) {
      // Answered, and the stream never came: the agent could not be had.
      case 'answered':
        this.#forget(callSid)
        this.#onUnused(callSid)
        return { do: 'apologise' }
      case 'streaming':
        return { do: 'hang up' }
      case 'ended':
        return this.#afterStream(callSid, line.next, line.past)
      case 'dialling':
        return this.#afterDialling(callSid, dial, line.past, line.transfer)
    }
  }

  summaryFor(callSid: string): string | undefined {
    const line = this.#lines.get(callSid)
    return line?.name === 'dialling' ? line.transfer.summary : undefined
  }

  close(): void {
    for (const callSid of [...this.#lines.keys()]) this.#set(callSid, undefined)
  }

  #afterStream(callSid: string, next: Afterwards, past: Past): Next {
    const { transfer } = past
    if (next === 'transfer' && transfer) {
      const timer = this.#forgetAfter(callSid, DIALLING_MS)
      this.#set(callSid, { name: 'dialling', past, transfer, ringsUntil: Date.now() + RINGING_MS, timer })
      setTimeout(() => this.#tellOfChange(), RINGING_MS).unref()
      return { do: 'dial', transfer }
    }
    if (next === 'stream again' && past.streams < MOST_STREAMS) return this.#streamAgain(past, undefined)
    this.#forget(callSid)
    return next === 'hang up' ? { do: 'hang up' } : { do: 'apologise' }
  }

  #afterDialling(callSid: string, dial: string | undefined, past: Past, { target }: Transfer): Next {
    // The person picked up and the two are done.
    if (dial === undefined || dial === 'completed' || dial === 'answered') return this.#forget(callSid)
    return this.#streamAgain(past, `${target}: ${dial}`)
  }

  #streamAgain({ claims, memory }: Past, returnedFrom: string | undefined): Next {
    return { do: 'stream', answered: { claims, memory, returnedFrom } }
  }

  /** Streams this call has had so far. */
  #streams(callSid: string): number {
    const line = this.#lines.get(callSid)
    if (!line) return 0
    return 'streams' in line ? line.streams : line.past.streams
  }

  #forget(callSid: string): Next {
    this.#set(callSid, undefined)
    return { do: 'hang up' }
  }

  #forgetAfter(callSid: string, ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#set(callSid, undefined), ms).unref()
  }

  #set(callSid: string, line: Line | undefined): void {
    const before = this.#lines.get(callSid)
    if (before && 'timer' in before) clearTimeout(before.timer)
    if (line) this.#lines.set(callSid, line)
    else this.#lines.delete(callSid)
    this.#tellOfChange()
  }

  #tellOfChange(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
  }
}
