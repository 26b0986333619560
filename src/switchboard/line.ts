import type { Admission, Claims, Memory, Missed } from '../call/admission.ts'
import type { CallSoFar } from '../call/call-so-far.ts'
import type { EndReason } from '../call/end-reason.ts'
import type { Transfer } from '../call/events.ts'

/**
 * A caller's line, from the webhook's answer until Twilio can ask nothing more about the call. It is plain data that
 * can be stored as JSON: no call, no socket, no timer. Times are milliseconds since the epoch. A state with an `until`
 * times out at that time.
 */
export type Line =
  /** Twilio was told to open a stream, and it has not come yet. */
  | { readonly name: 'answered'; readonly admission: Admission; readonly streams: number; readonly until: number }
  /** The stream is open. The switchboard that accepted it keeps its call under the id `stream`. */
  | {
      readonly name: 'streaming'
      readonly claims: Claims
      readonly stream: string
      readonly streams: number
      /** Twilio will still ask about an older stream, which this one replaced. */
      readonly hasSuperseded: boolean
    }
  /** The stream is closed, and Twilio is about to ask what comes next. */
  | { readonly name: 'ended'; readonly past: Past; readonly next: Afterwards; readonly until: number }
  /** A person's telephone rings for the caller. */
  | { readonly name: 'dialling'; readonly past: Past; readonly transfer: Transfer; readonly until: number }
  /** The caller talks to that person. Twilio asks again when they have finished. */
  | { readonly name: 'talking'; readonly past: Past; readonly transfer: Transfer; readonly until: number }

/** The data of a caller between two streams. */
export interface Past {
  readonly claims: Claims
  readonly memory: readonly Memory[]
  readonly transfer: Transfer | undefined
  /** What is known of the call from its streams so far. */
  readonly before: CallSoFar | undefined
  /** Streams that this call has had so far. */
  readonly streams: number
}

export type LineEvent =
  /** A webhook gives a new caller a line. */
  | { readonly type: 'expected'; readonly admission: Admission; readonly at: number }
  /** A stream came with a valid token for this call. */
  | { readonly type: 'streamed'; readonly claims: Claims; readonly stream: string }
  /** The call of a stream has ended. */
  | {
      readonly type: 'ended'
      readonly stream: string
      readonly reason: EndReason
      readonly memory: readonly Memory[]
      readonly transfer: Transfer | undefined
      /** What is known of the call from its streams so far. */
      readonly before: CallSoFar | undefined
      readonly at: number
    }
  | Question
  /** A webhook failed and was answered with an apology, so the line is not used. */
  | { readonly type: 'given back' }
  /** The state's `until` has passed. */
  | { readonly type: 'timed out'; readonly at: number }
  /** The server stops. */
  | { readonly type: 'closed'; readonly at: number }

/** Twilio asks what comes next. */
export interface Question {
  readonly type: 'asked'
  /** The outcome of dialling a person, in Twilio's words; undefined when no person was dialled. */
  readonly dial: string | undefined
  /** The caller has hung up. */
  readonly isOver: boolean
  readonly at: number
}

/** The server's instruction to Twilio for a caller. */
export type Next =
  | { readonly do: 'hang up' }
  | { readonly do: 'apologise' }
  | { readonly do: 'dial'; readonly transfer: Transfer }
  | { readonly do: 'stream'; readonly admission: Admission }

/** The instruction to Twilio, and the line after it. */
export interface Answer {
  readonly next: Next
  readonly line: Line | undefined
}

/** When a stream does not open in this time, its line is free again. */
const ANSWERED_MS = 60_000
/**
 * Twilio asks what comes next as soon as a stream is closed. If it has not asked after this time, the caller is gone.
 */
const ENDED_MS = 10_000
/**
 * Twilio lets a person's telephone ring for 30 s. If the caller is not back soon after that, they talk to the person.
 */
const DIALLING_MS = 35_000
/** Twilio ends a dialled call after four hours by default, and then asks what comes next. */
const TALKING_MS = 4 * 3_600_000 + 60_000
/** The most streams of one call: after so many losses another one would be lost too. */
const MOST_STREAMS = 4

const HANG_UP: Answer = { next: { do: 'hang up' }, line: undefined }
const APOLOGISE: Answer = { next: { do: 'apologise' }, line: undefined }

/**
 * The line after an event; undefined when there is none any more. An event that does not apply returns the same object,
 * because events race: a stream may end after a newer one replaced it.
 */
export function nextLine(line: Line | undefined, event: LineEvent): Line | undefined {
  switch (event.type) {
    case 'expected':
      // Twilio repeats a webhook whose answer was lost.
      return isTaken(line) ? line : answered(event.admission, streamsOf(line), event.at)
    case 'streamed': {
      const { claims, stream } = event
      const hasSuperseded = line?.name === 'streaming'
      return { name: 'streaming', claims, stream, streams: streamsOf(line) + 1, hasSuperseded }
    }
    case 'ended': {
      if (line?.name !== 'streaming' || line.stream !== event.stream) return line
      // Twilio asks nothing more about a caller who has hung up.
      if (event.reason === 'caller_hung_up') return undefined
      const { claims, streams } = line
      const { memory, transfer, before } = event
      const past = { claims, memory, transfer, before, streams }
      return { name: 'ended', past, next: afterwards(event.reason), until: event.at + ENDED_MS }
    }
    case 'asked':
      return answerTo(line, event).line
    case 'given back':
      return line?.name === 'streaming' ? line : undefined
    case 'closed':
      return undefined
    case 'timed out':
      if (line?.name === 'streaming') return line
      return line?.name === 'dialling' ? { ...line, name: 'talking', until: event.at + TALKING_MS } : undefined
  }
}

/** Answers Twilio's question about a line. */
export function answerTo(line: Line | undefined, question: Question): Answer {
  if (question.isOver) return HANG_UP
  // The caller is on the line and nothing is known of them: another process had the call, or the line ran out of time.
  if (line === undefined) return hasTalked(question.dial) ? HANG_UP : APOLOGISE
  switch (line.name) {
    // The stream never came, so the caller did not reach the agent.
    case 'answered':
      return APOLOGISE
    // The question is about the older stream; the newer one goes on.
    case 'streaming':
      return { next: { do: 'hang up' }, line: { ...line, hasSuperseded: false } }
    case 'ended':
      return afterStream(line.past, line.next, question.at)
    case 'dialling':
    case 'talking':
      return afterDialling(line.past, line.transfer, question)
  }
}

/** What an event ends, where it ends a line whose call never had a stream. */
export function missedBy(event: LineEvent, before: Line | undefined, after: Line | undefined): Missed | undefined {
  if (before?.name !== 'answered' || before.admission.before || after !== undefined) return undefined
  const endReason = reasonWithoutStream(event)
  if (endReason === undefined || !('at' in event)) return undefined
  const { claims } = before.admission
  return { claims, startedAt: before.until - ANSWERED_MS, endedAt: event.at, endReason }
}

function reasonWithoutStream(event: LineEvent): Missed['endReason'] | undefined {
  switch (event.type) {
    case 'asked':
      return event.isOver ? 'caller_left_early' : 'stream_lost'
    // Twilio asks nothing about a caller who hung up while it still spoke to them.
    case 'timed out':
      return 'caller_left_early'
    case 'closed':
      return 'drained'
    default:
      return undefined
  }
}

/** The line counts against the limit: the caller is on their way to the agent, or with it. */
export function isTaken(line: Line | undefined): boolean {
  return line?.name === 'answered' || line?.name === 'streaming'
}

/** A stream or a question of Twilio's may be on its way here; a person who was dialled has not picked up. */
export function isExpected(line: Line): boolean {
  return line.name === 'answered' || line.name === 'ended' || line.name === 'dialling'
}

function answered(admission: Admission, streams: number, at: number): Line {
  return { name: 'answered', admission, streams, until: at + ANSWERED_MS }
}

function afterStream(past: Past, next: Afterwards, at: number): Answer {
  const { transfer, streams } = past
  if (next === 'transfer' && transfer) {
    return { next: { do: 'dial', transfer }, line: { name: 'dialling', past, transfer, until: at + DIALLING_MS } }
  }
  if (next === 'stream again' && streams < MOST_STREAMS) return streamAgain(past, undefined, at)
  return next === 'hang up' ? HANG_UP : APOLOGISE
}

function afterDialling(past: Past, { target }: Transfer, { dial, at }: Question): Answer {
  if (dial === undefined || hasTalked(dial)) return HANG_UP
  return streamAgain(past, `${target}: ${dial}`, at)
}

/** The person who was dialled picked up, and the two are done. */
function hasTalked(dial: string | undefined): boolean {
  return dial === 'completed' || dial === 'answered'
}

function streamAgain({ claims, memory, before, streams }: Past, returnedFrom: string | undefined, at: number): Answer {
  const admission = { claims, memory, returnedFrom, before }
  return { next: { do: 'stream', admission }, line: answered(admission, streams, at) }
}

function streamsOf(line: Line | undefined): number {
  if (line === undefined) return 0
  return 'past' in line ? line.past.streams : line.streams
}

/** The instruction to Twilio after the stream has closed, as far as the reason decides it. */
export type Afterwards = 'hang up' | 'apologise' | 'transfer' | 'stream again'

function afterwards(reason: EndReason): Afterwards {
  switch (reason) {
    case 'transferred':
      return 'transfer'
    case 'stream_lost':
    // Twilio asks, so the stream was lost and the caller is still there.
    case 'caller_left_early':
      return 'stream again'
    case 'model_rejected':
    case 'model_refused':
    case 'model_unreachable':
    case 'model_closed':
    case 'model_mute':
    case 'model_wrong_format':
    case 'internal_error':
    case 'stream_refused':
    case 'no_start':
    case 'stream_abused':
      return 'apologise'
    default:
      return 'hang up'
  }
}
