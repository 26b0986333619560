import { type Changes, type Cursor, changesAfter, encodeCursor, liveNow } from '../records/feed.ts'
import type { Store } from '../store/open.ts'

/** How often the store is asked what other servers have written, while somebody reads. */
const POLL_MS = 200

export interface FeedMessage {
  readonly id?: string
  readonly event?: string
  readonly data: unknown
}

/**
 * What changes, for everybody who reads. Nobody has a queue: a reader who is slow asks the store later, from where they
 * are. Readers who are at the same place share what was read.
 */
export class Feed {
  readonly #store: Store
  /** What was read since the last look, by the cursor it was read from. */
  readonly #read = new Map<string, Promise<Changes>>()
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** The store has something new: it is looked at now and not at the next poll. */
  readonly wake = (): void => {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#read.clear()
    for (const go of [...this.#waiting]) go()
  }

  /** Messages until the signal. @param from undefined to begin with the calls that run */
  async *messages(from: Cursor | undefined, signal: AbortSignal): AsyncGenerator<FeedMessage> {
    let cursor = from
    while (!signal.aborted) {
      const read = await this.#changes(cursor)
      if (read) {
        // Without a message there is no event in the browser, and it has the id all the same.
        if (cursor === undefined && read.changes.length === 0) yield { id: encodeCursor(read.cursor), data: undefined }
        cursor = read.cursor
        yield* messagesOf(read)
      }
      if (!read?.isCut) await this.#next(signal)
    }
  }

  /** Undefined when the store cannot be read, which the writer's log says: the reader waits, and goes on from there. */
  #changes(cursor: Cursor | undefined): Promise<Changes | undefined> {
    const key = cursor === undefined ? 'now' : encodeCursor(cursor)
    const read =
      this.#read.get(key) ?? (cursor === undefined ? liveNow(this.#store) : changesAfter(this.#store, cursor))
    this.#read.set(key, read)
    return read.catch(() => undefined)
  }

  /** Resolves when it is worth looking once more, or at the signal. */
  #next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    this.#timer ??= setTimeout(this.wake, POLL_MS).unref()
    return new Promise((resolve) => {
      const go = () => {
        this.#waiting.delete(go)
        signal.removeEventListener('abort', go)
        resolve()
      }
      this.#waiting.add(go)
      signal.addEventListener('abort', go)
    })
  }
}

/** The last one has the cursor: whoever is cut off before it gets them all again. */
function messagesOf({ changes, cursor }: Changes): FeedMessage[] {
  return changes.map((change, at) => (at === changes.length - 1 ? { id: encodeCursor(cursor), ...change } : change))
}
