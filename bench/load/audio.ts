import { STAMP_CHARS } from './stamp.ts'

/** So many that a compressor finds no repetition within its window. */
const VARIANTS = 256

/**
 * Base64 of mu-law that compresses about as badly as speech; the first characters are left to a stamp. The pool comes
 * from a fixed seed: every server and every run gets the same bytes.
 */
export function audioPool(bytes: number): readonly Buffer[] {
  const random = xorshift(0x5eed)
  return Array.from({ length: VARIANTS }, () => {
    const audio = Buffer.from(Uint8Array.from({ length: bytes }, () => 0x40 | (random() & 0xbf)))
    return Buffer.from(audio.toString('base64').slice(STAMP_CHARS))
  })
}

function xorshift(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 8
  }
}
