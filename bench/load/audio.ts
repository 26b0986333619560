import { STAMP_CHARS } from './stamp.ts'

/** Enough that a compressor finds no repetition within its window. */
const VARIANTS = 256

/**
 * Base64 of mu-law that compresses about as badly as speech, with the first characters left to a stamp. Made once, by a
 * fixed rule: every server and every run gets the same bytes.
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
