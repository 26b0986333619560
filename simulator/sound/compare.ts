import { BYTES_PER_MS } from './mulaw.ts'

/** How one recording of a sound differs from another. */
export interface Difference {
  /** Sound that both have, in ms. */
  readonly commonMs: number
  /** How much later the second has it, at the most and at the least, in ms. */
  readonly latestMs: number
  readonly earliestMs: number
  /** The longest stretch that only the first has, and where it ends; and the longest that only the second has. In ms. */
  readonly missingMs: number
  readonly missingAtMs: number
  readonly addedMs: number
  readonly addedAtMs: number
}

const BLOCK_MS = 10
const BLOCK = BLOCK_MS * BYTES_PER_MS
/** The same sound is looked for so far away. */
const REACH_MS = 1_000
const NEGATIVE_ZERO = 0x7f
const ZERO = 0xff

/** Compares two mu-law recordings that begin at the same time, block by block: sound has to be equal to the byte. */
export function compareSound(first: Buffer, second: Buffer): Difference {
  const there = look(first, second)
  const back = look(second, first)
  return {
    commonMs: there.lags.length * BLOCK_MS,
    latestMs: there.lags.reduce((most, lag) => Math.max(most, lag), Number.NEGATIVE_INFINITY) / BYTES_PER_MS,
    earliestMs: there.lags.reduce((least, lag) => Math.min(least, lag), Number.POSITIVE_INFINITY) / BYTES_PER_MS,
    missingMs: there.longest / BYTES_PER_MS,
    missingAtMs: there.longestAt / BYTES_PER_MS,
    addedMs: back.longest / BYTES_PER_MS,
    addedAtMs: back.longestAt / BYTES_PER_MS
  }
}

/** Looks in `second` for each block of sound in `first`. */
function look(first: Buffer, second: Buffer): { lags: number[]; longest: number; longestAt: number } {
  const lags: number[] = []
  let last = 0
  let missing = 0
  let longest = 0
  let longestAt = 0
  for (let at = nextSound(first, 0); at < first.length; at = nextSound(first, at + BLOCK)) {
    const block = first.subarray(at, at + BLOCK)
    const lag = lagOf(block, at, second, last)
    if (lag === undefined) missing += block.length
    else {
      missing = 0
      last = lag
      // A few samples above silence are found anywhere.
      if (block.filter(isSound).length > BLOCK / 2) lags.push(lag)
    }
    if (missing > longest) {
      longest = missing
      longestAt = at + block.length
    }
  }
  return { lags, longest, longestAt }
}

function nextSound(sound: Buffer, from: number): number {
  let at = from
  while (at < sound.length && !isSound(sound[at] ?? ZERO)) at += 1
  return at
}

const isSound = (byte: number): boolean => byte !== ZERO && byte !== NEGATIVE_ZERO

/** The nearest place that has the block, beginning with where the block before it was found. */
function lagOf(block: Buffer, at: number, other: Buffer, last: number): number | undefined {
  const expected = at + last
  if (expected >= 0 && block.equals(other.subarray(expected, expected + block.length))) return last
  const reach = REACH_MS * BYTES_PER_MS
  let nearest: number | undefined
  for (
    let found = other.indexOf(block, Math.max(0, at - reach));
    found >= 0 && found <= at + reach;
    found = other.indexOf(block, found + 1)
  ) {
    if (nearest === undefined || Math.abs(found - expected) < Math.abs(nearest - expected)) nearest = found
  }
  return nearest === undefined ? undefined : nearest - at
}
