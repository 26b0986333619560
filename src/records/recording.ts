import type { FastifyBaseLogger } from 'fastify'
import type { Call } from '../call/call.ts'
import type { Reader } from '../call/create-call.ts'
import type { Store } from '../store/open.ts'
import { FileSink, isFileName } from './recording-file.ts'
import { RowSink, RowWriter } from './recording-rows.ts'
import { StreamRecording } from './stream-recording.ts'

/** Records the calls of this server, as a reader of their journals. */
export class Recordings {
  readonly #store: Store
  readonly #log: FastifyBaseLogger
  readonly #isErased: (callId: string) => boolean
  readonly #rows: RowWriter | undefined
  /** The calls that are recorded, until all is kept: a later stream of a call goes on in the same recording. */
  readonly #open = new Map<string, Promise<void>>()
  /** A loss was logged, and no recording was kept since. */
  #isLosing = false

  /** @param isErased whether a call was erased, as far as the writer knows */
  constructor(store: Store, log: FastifyBaseLogger, isErased: (callId: string) => boolean) {
    this.#store = store
    this.#log = log
    this.#isErased = isErased
    this.#rows = store.isPostgres ? new RowWriter(store) : undefined
  }

  readonly reader: Reader = (call) => {
    let recording: StreamRecording | undefined
    const ended = Promise.withResolvers<void>()
    call.journal.follow(({ atMs, event }) => {
      switch (event.type) {
        case 'accepted': {
          const { callSid } = event.claims
          // The name becomes a path.
          if (isFileName(callSid)) recording = this.#record(call, callSid, ended.promise)
          return
        }
        case 'recording':
          return recording?.consent(event.state, atMs)
        case 'recording_paused':
          return recording?.pause(true, atMs)
        case 'recording_gap':
          return recording?.pause(false, atMs)
        case 'ended':
          return ended.resolve()
      }
    })
  }

  /** Resolves when the recordings of all calls that have ended are kept, or lost. */
  async close(): Promise<void> {
    this.#rows?.close()
    await Promise.all(this.#open.values())
  }

  #record(call: Call, callSid: string, ended: Promise<void>): StreamRecording {
    const lost = (err: unknown) => {
      recording.stop()
      if (this.#isLosing) return
      this.#isLosing = true
      this.#log.error({ err, callSid }, 'a recording cannot be kept')
    }
    const before = this.#open.get(callSid)
    const sink = this.#rows
      ? new RowSink(this.#rows, callSid, lost)
      : new FileSink(this.#store.dataDir, callSid, before, () => this.#isErased(callSid), lost)
    const recording = new StreamRecording(call, sink, lost)
    const done = ended.then(async () => {
      if (await recording.end()) this.#isLosing = false
      await before
      if (this.#open.get(callSid) === done) this.#open.delete(callSid)
    })
    this.#open.set(callSid, done)
    return recording
  }
}
