/** A frame's sender, its number among that sender's frames, and its time, in the first 15 bytes of its audio. */
export interface Stamp {
  readonly sender: number
  readonly sequence: number
  /** `performance.now()` of the load process, which plays both ends of a call. */
  readonly sentAt: number
}

/** 15 bytes are 20 characters of base64, so a stamp can be written and read without decoding anything. */
export const STAMP_CHARS = 20
const STAMP_BYTES = 15
const MAGIC = Buffer.from('stm')
const MAGIC_TEXT = Buffer.from(MAGIC.toString('base64'))

const DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
const VALUES = new Uint8Array(256)
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value

const WORD = 2 ** 24

/** Writes a stamp as base64 text, in place. */
export function writeStamp(text: Buffer, at: number, { sender, sequence, sentAt }: Stamp): void {
  const micros = Math.round(sentAt * 1_000)
  MAGIC_TEXT.copy(text, at)
  writeWord(text, at + 4, sender)
  writeWord(text, at + 8, sequence)
  writeWord(text, at + 12, Math.floor(micros / WORD))
  writeWord(text, at + 16, micros % WORD)
}

/** Calls `found` for each stamp in a stretch of base64, also where frames were joined into one. */
export function readStamps(text: Buffer, from: number, to: number, found: (stamp: Stamp) => void): void {
  if (to - from <= FRAME_CHARS && isStamp(text, from)) return found(stampIn(text, from))
  const audio = Buffer.from(text.toString('latin1', from, to), 'base64')
  for (let at = audio.indexOf(MAGIC); at >= 0; at = audio.indexOf(MAGIC, at + STAMP_BYTES)) {
    if (at + STAMP_BYTES <= audio.length) found(stampOf(audio.subarray(at, at + STAMP_BYTES)))
  }
}

/** The stamp at the beginning of one piece of audio, if it has one. */
export function readStamp(text: Buffer, at: number): Stamp | undefined {
  return isStamp(text, at) ? stampIn(text, at) : undefined
}

/** 20 ms of mu-law as base64. Longer audio may be several frames in one. */
const FRAME_CHARS = 216

function isStamp(text: Buffer, at: number): boolean {
  return MAGIC_TEXT.compare(text, at, at + MAGIC_TEXT.length) === 0
}

function stampOf(audio: Buffer): Stamp {
  return stampIn(Buffer.from(audio.toString('base64')), 0)
}

function stampIn(text: Buffer, at: number): Stamp {
  const micros = readWord(text, at + 12) * WORD + readWord(text, at + 16)
  return { sender: readWord(text, at + 4), sequence: readWord(text, at + 8), sentAt: micros / 1_000 }
}

function writeWord(text: Buffer, at: number, value: number): void {
  text[at] = DIGITS[(value >>> 18) & 63] ?? 0
  text[at + 1] = DIGITS[(value >>> 12) & 63] ?? 0
  text[at + 2] = DIGITS[(value >>> 6) & 63] ?? 0
  text[at + 3] = DIGITS[value & 63] ?? 0
}

function readWord(text: Buffer, at: number): number {
  return (digit(text, at) << 18) | (digit(text, at + 1) << 12) | (digit(text, at + 2) << 6) | digit(text, at + 3)
}

function digit(text: Buffer, at: number): number {
  return VALUES[text[at] ?? 0] ?? 0
}
