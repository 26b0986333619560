import { randomFillSync } from 'node:crypto'
import type { Base64 } from '../wire/base64.ts'

const BEFORE = Buffer.from('{"type":"input_audio_buffer.append","audio":"')
const AFTER = Buffer.from('"}')

/** A whole text message, masked, with its length in the next two bytes. (RFC 6455, 5.2) */
const HEADER = [0x81, 0xfe] as const
const MASK_AT = 4
const PAYLOAD_AT = 8
const SHORTEST = 126
const LONGEST = 0xffff

/** Masks must be unpredictable (RFC 6455, 5.3). Random bytes cost little when many are drawn at once. */
const masks = Buffer.alloc(8_192)
let nextMask = masks.length

/**
 * One audio frame as `input_audio_buffer.append`, in a WebSocket frame that is ready for the connection. ws would write
 * the same bytes, with three objects, a copy and two entries in a stream's queue for each of 50 frames a second.
 * @returns undefined for a length that needs another header
 */
export function appendFrame(audio: Base64): Buffer | undefined {
  const length = BEFORE.length + audio.length + AFTER.length
  if (length < SHORTEST || length > LONGEST) return undefined
  if (nextMask === masks.length) {
    randomFillSync(masks)
    nextMask = 0
  }
  const frame = Buffer.allocUnsafe(PAYLOAD_AT + length)
  frame[0] = HEADER[0]
  frame[1] = HEADER[1]
  frame[2] = length >> 8
  frame[3] = length
  masks.copy(frame, MASK_AT, nextMask, nextMask + 4)
  nextMask += 4
  BEFORE.copy(frame, PAYLOAD_AT)
  audio.copy(frame, PAYLOAD_AT + BEFORE.length)
  AFTER.copy(frame, frame.length - AFTER.length)
  mask(frame)
  return frame
}

function mask(frame: Buffer): void {
  const [a, b, c, d] = [frame[4] ?? 0, frame[5] ?? 0, frame[6] ?? 0, frame[7] ?? 0]
  const whole = frame.length - (frame.length % 4)
  for (let at = PAYLOAD_AT; at < whole; at += 4) {
    frame[at] = (frame[at] ?? 0) ^ a
    frame[at + 1] = (frame[at + 1] ?? 0) ^ b
    frame[at + 2] = (frame[at + 2] ?? 0) ^ c
    frame[at + 3] = (frame[at + 3] ?? 0) ^ d
  }
  for (let at = whole; at < frame.length; at += 1) frame[at] = (frame[at] ?? 0) ^ (frame[MASK_AT + (at % 4)] ?? 0)
}
