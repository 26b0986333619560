import { tell } from './contain.ts'
import type { CallEvent } from './events.ts'
import { withOwner } from './owner.ts'

type EventType = CallEvent['type']
type EventOf<T extends EventType> = Extract<CallEvent, { type: T }>
type Listener = (event: never) => unknown
type Reader = (entry: Entry) => unknown

interface Faults {
  /** Called with what a listener threw or rejected with. */
  readonly ofListener: (error: unknown) => void
  /** Called with what a reader threw. Nothing of the call depends on readers. */
  readonly ofReader: (error: unknown) => void
}

/** One event of a call with its number and time. */
export interface Entry {
  /** From 1, without gaps. */
  readonly seq: number
  /** Milliseconds since the first `start` of the call; negative for what came before it. */
  readonly atMs: number
  readonly event: CallEvent
}

/**
 * The events of one call, in order, with the time.
 *
 * Listeners get an event in the order in which they were added: the transcript and the activity first, because the
 * others read them; then the tools and the behaviours in the order of create-call.ts; then the listeners of `onCall`. A
 * listener may emit: its event goes to all listeners at once, before the outer event goes to the next listener. Readers
 * (`follow`) come last and get every event in the order of its number, also events emitted inside another. Listeners
 * act on the call. Readers only read, and must not block.
 */
export class Journal {
  readonly #faults: Faults
  readonly #listeners = new Map<EventType, readonly Listener[]>()
  readonly #readers: Reader[] = []
  /** Entries that were not passed to the readers yet. */
  #untold: Entry[] = []
  #depth = 0
  #seq = 0
  /** On the clock of `performance.now()`. */
  #beganAt = performance.now()

  constructor(faults: Faults) {
    this.#faults = faults
  }

  /** Sets the zero of `atMs`. @param sinceMs the time since the first stream of the same call began */
  begin(sinceMs: number): void {
    this.#beganAt = performance.now() - sinceMs
  }

  /** Milliseconds since the first `start` of the call, in tenths. @param at on the clock of `performance.now()`; now by default */
  msOf(at = performance.now()): number {
    return Math.round((at - this.#beganAt) * 10) / 10
  }

  emit(event: CallEvent): void {
    this.#seq += 1
    this.#untold.push({ seq: this.#seq, atMs: this.msOf(), event })
    this.#depth += 1
    const listeners = (this.#listeners.get(event.type) ?? []) as readonly ((event: CallEvent) => unknown)[]
    for (const listener of listeners) tell(listener, event, this.#faults.ofListener)
    this.#depth -= 1
    if (this.#depth > 0) return
    const untold = this.#untold
    this.#untold = []
    for (const entry of untold) for (const reader of this.#readers) tell(reader, entry, this.#faults.ofReader)
  }

  /** @returns removes the listener */
  on<T extends EventType>(type: T, listener: (event: EventOf<T>) => unknown): () => void {
    const added = withOwner(listener)
    // A new list each time: a listener may add or remove one while the old list is being told.
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), added])
    return () => {
      const left = this.#listeners.get(type)?.filter((other) => other !== added)
      this.#listeners.set(type, left ?? [])
    }
  }

  /** Listens to the next event of a type. @returns removes the listener */
  once<T extends EventType>(type: T, listener: (event: EventOf<T>) => unknown): () => void {
    const off = this.on(type, (event) => {
      off()
      return listener(event)
    })
    return off
  }

  /** Gives a reader every event from now on, after the listeners. */
  follow(reader: Reader): void {
    this.#readers.push(withOwner(reader))
  }
}
