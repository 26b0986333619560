import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { expect } from 'vitest'
import { readRecording } from '../../src/records/read-recording.ts'
import { recordingFile } from '../../src/records/recording-file.ts'
import { HEADER_BYTES, wavHeader } from '../../src/records/wav.ts'
import type { Store } from '../../src/store/open.ts'
import { type House, startHouse } from '../house.ts'
import { newStoreSettings, open } from '../stores.ts'

/** What agents say in the tests of the recording. */
export const LONG =
  'We are open from nine to five on weekdays, and from ten to two on Saturdays, but never on a Sunday.'
export const SHORT = 'Of course, one moment.'

/** A house that records its calls into a folder. */
export async function recordingHouse(options: Parameters<typeof startHouse>[0] = {}) {
  const store = await open(await newStoreSettings('SQLite'))
  const house = await startHouse({
    ...options,
    env: { RECORDING: 'announce', ...options.env },
    // The telephone, the model's voice and the server share this process.
    overrides: { store, isOverloaded: () => false, ...options.overrides }
  })
  return { store, house }
}

export interface Lanes {
  readonly caller: Buffer
  readonly agent: Buffer
}

/** Both lanes of a WAV as it is written here. */
export function lanesOf(wav: Buffer): Lanes {
  const sound = wav.subarray(HEADER_BYTES)
  const caller = Buffer.alloc(Math.floor(sound.length / 2))
  const agent = Buffer.alloc(caller.length)
  for (let at = 0; at < caller.length; at += 1) {
    caller[at] = sound[2 * at] ?? 0
    agent[at] = sound[2 * at + 1] ?? 0
  }
  return { caller, agent }
}

/** The whole recording of a call, read as the API reads it; undefined when there is none. */
export async function recordingOf(store: Store, callId: string): Promise<Buffer | undefined> {
  const recording = await readRecording(store, callId)
  return recording && buffer(recording.stream())
}

/** The file's bytes as they are on the disk; undefined when there is none. */
const fileOf = ({ dataDir }: Store, callId: string): Promise<Buffer | undefined> =>
  readFile(recordingFile(dataDir, callId)).catch(() => undefined)

export const isKept = async (store: Store, callId: string): Promise<boolean> =>
  (await fileOf(store, callId)) !== undefined

/** The file when the server has closed; its header has the sizes then. */
export async function finishedFile({ app }: House, store: Store, callId: string): Promise<Buffer> {
  await app.close()
  const file = await fileOf(store, callId)
  if (!file) throw new Error('nothing of this call is kept')
  expect(file.subarray(0, HEADER_BYTES)).toEqual(wavHeader(file.length - HEADER_BYTES))
  return file
}
