import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Store } from '../store/open.ts'
import { isFileName, recordingFile } from './recording-file.ts'
import { HEADER_BYTES, SECOND_BYTES, SILENCE, wavHeader } from './wav.ts'

/** A recording as one WAV file, as long as it was when it was opened. */
export interface StoredRecording {
  /** The length of the file in bytes, its header included. */
  readonly bytes: number
  /** The bytes from `start` up to and including `end`, as in an HTTP range; all of them by default. */
  stream(start?: number, end?: number): Readable
}

/** The samples of a recording. Both lanes, in bytes from the first. */
type ReadSamples = (from: number, to: number) => AsyncIterable<Buffer>

/** Rows that are read at a time: 0.5 MB. */
const ROWS = 32

/** The recording of a call; undefined when there is none. */
export function readRecording(store: Store, callId: string): Promise<StoredRecording | undefined> {
  return store.isPostgres ? readRows(store, callId) : readFile(store, callId)
}

function recordingOf(length: number, read: ReadSamples): StoredRecording {
  const header = wavHeader(length)
  const bytes = HEADER_BYTES + length
  return {
    bytes,
    stream: (start = 0, end = bytes - 1) => {
      async function* parts() {
        if (start < HEADER_BYTES) yield header.subarray(start, end + 1)
        const from = Math.max(0, start - HEADER_BYTES)
        const to = Math.min(length, end + 1 - HEADER_BYTES)
        if (from < to) yield* read(from, to)
      }
      return Readable.from(parts(), { objectMode: false })
    }
  }
}

async function readFile({ dataDir }: Store, callId: string): Promise<StoredRecording | undefined> {
  if (!isFileName(callId)) return undefined
  const path = recordingFile(dataDir, callId)
  const file = await openIfThere(path)
  if (!file) return undefined
  const { size } = await file.stat().finally(() => file.close())
  const length = Math.max(0, size - HEADER_BYTES)
  // Two lanes: a crash may have cut one sample in two.
  return recordingOf(length - (length % 2), async function* (from, to) {
    const reading = await open(path)
    const stream = reading.createReadStream({ start: HEADER_BYTES + from, end: HEADER_BYTES + to - 1 })
    yield* stream as AsyncIterable<Buffer>
  })
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function readRows({ db }: Store, callId: string): Promise<StoredRecording | undefined> {
  const ofCall = db.selectFrom('recordingChunks').where('callId', '=', callId)
  const last = await ofCall.select(['second', 'audio']).orderBy('second', 'desc').limit(1).executeTakeFirst()
  if (!last) return undefined
  return recordingOf(last.second * SECOND_BYTES + last.audio.length, async function* (from, to) {
    const end = Math.ceil(to / SECOND_BYTES)
    for (let second = Math.floor(from / SECOND_BYTES); second < end; second += ROWS) {
      const upTo = Math.min(end, second + ROWS)
      const rows = await ofCall
        .select(['second', 'audio'])
        .where('second', '>=', second)
        .where('second', '<', upTo)
        .execute()
      // A second without a row was not kept, and a short one has silence after it.
      const sound = Buffer.alloc((upTo - second) * SECOND_BYTES, SILENCE)
      for (const row of rows) sound.set(row.audio, (row.second - second) * SECOND_BYTES)
      const begins = second * SECOND_BYTES
      yield sound.subarray(Math.max(0, from - begins), Math.min(sound.length, to - begins))
    }
  })
}
