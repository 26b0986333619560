import { BYTES_PER_MS, SILENCE } from '../wire/mulaw.ts'

export { SILENCE }

/** Two lanes of mu-law at 8 kHz, one sample of each in turn: the caller's (left) and the agent's (right). */
export const SAMPLES_PER_MS = BYTES_PER_MS
export const SECOND_SAMPLES = 1_000 * SAMPLES_PER_MS
export const SECOND_BYTES = 2 * SECOND_SAMPLES

export const HEADER_BYTES = 58

/** Players take it as "up to the end of the file"; a size that is larger than the file makes them show a wrong length. */
const UNFINISHED = 0xffffffff
const MU_LAW = 7
/** What the RIFF chunk has before the samples. */
const RIFF_BYTES = HEADER_BYTES - 8

/**
 * The header of a recording. (RFC 2361 for the format's number; formats other than PCM have an extension and a `fact`
 * chunk)
 * @param bytes the length of both lanes; undefined while the file grows
 */
export function wavHeader(bytes: number | undefined): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.write('RIFF', 0)
  header.writeUInt32LE(bytes === undefined ? UNFINISHED : RIFF_BYTES + bytes, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(18, 16)
  header.writeUInt16LE(MU_LAW, 20)
  header.writeUInt16LE(2, 22)
  header.writeUInt32LE(SECOND_SAMPLES, 24)
  header.writeUInt32LE(SECOND_BYTES, 28)
  header.writeUInt16LE(2, 32)
  header.writeUInt16LE(8, 34)
  header.write('fact', 38)
  header.writeUInt32LE(4, 42)
  header.writeUInt32LE(bytes === undefined ? UNFINISHED : bytes / 2, 46)
  header.write('data', 50)
  header.writeUInt32LE(bytes ?? UNFINISHED, 54)
  return header
}
