const EQUALS = '='.charCodeAt(0)
const NO_DIGIT = 0xff

/** The value of each base64 character; NO_DIGIT for every other byte. (RFC 4648, 4) */
const DIGITS = new Uint8Array(256).fill(NO_DIGIT)
for (const [digit, character] of Buffer.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
).entries()) {
  DIGITS[character] = digit
}

/**
 * Audio in base64 that stays in the bytes of its message: each call sends on 50 frames a second, and none becomes a
 * string. It keeps the whole message in memory.
 */
export class Base64 {
  readonly #text: Buffer
  readonly #start: number
  readonly #end: number

  private constructor(text: Buffer, start: number, end: number) {
    this.#text = text
    this.#start = start
    this.#end = end
  }

  /** The part of a message from `start` up to `end`; undefined when it is empty or not base64. */
  static within(text: Buffer, start: number, end: number): Base64 | undefined {
    if (end <= start || (end - start) % 4 !== 0) return undefined
    const last = end - paddingBefore(text, end)
    for (let at = start; at < last; at += 1) if (DIGITS[text[at] ?? 0] === NO_DIGIT) return undefined
    return new Base64(text, start, end)
  }

  /** Undefined when the text is empty or not base64. */
  static from(text: string): Base64 | undefined {
    const bytes = Buffer.from(text)
    return Base64.within(bytes, 0, bytes.length)
  }

  static encode(audio: Buffer): Base64 {
    const text = Buffer.from(audio.toString('base64'))
    return new Base64(text, 0, text.length)
  }

  /** The length of the base64 text, in characters. */
  get length(): number {
    return this.#end - this.#start
  }

  /** The length of the audio, in bytes. */
  get byteLength(): number {
    return (this.length / 4) * 3 - paddingBefore(this.#text, this.#end)
  }

  toString(): string {
    return this.#text.toString('latin1', this.#start, this.#end)
  }

  /** Writes the base64 text. */
  copy(target: Buffer, at: number): void {
    this.#text.copy(target, at, this.#start, this.#end)
  }

  /** Writes the audio, `byteLength` bytes. Node's own decoder would need a string of each frame. */
  decode(target: Uint8Array, at: number): void {
    const text = this.#text
    const end = at + this.byteLength
    let from = this.#start
    for (let to = at; to < end; to += 3) {
      const bits =
        (digit(text, from) << 18) | (digit(text, from + 1) << 12) | (digit(text, from + 2) << 6) | digit(text, from + 3)
      target[to] = bits >> 16
      if (to + 1 < end) target[to + 1] = bits >> 8
      if (to + 2 < end) target[to + 2] = bits
      from += 4
    }
  }
}

/** For padding the value is wrong, but only in bits that are not used. */
function digit(text: Buffer, at: number): number {
  return DIGITS[text[at] ?? 0] ?? 0
}

function paddingBefore(text: Buffer, end: number): number {
  if (text[end - 1] !== EQUALS) return 0
  return text[end - 2] === EQUALS ? 2 : 1
}
