import type { Socket } from 'node:net'

/**
 * The part of a WebSocket that two ends on loopback need: whole text frames, ping, close. It costs a fraction of `ws`,
 * so that the load process stays far cheaper than the servers it measures.
 */
export class LeanSocket {
  onText: (text: Buffer) => void = () => {}
  onClose: () => void = () => {}
  readonly #socket: Socket
  readonly #masks: boolean
  #rest: Buffer | undefined

  /** @param masks a client masks what it sends, a server does not (RFC 6455, 5.3) */
  constructor(socket: Socket, head: Buffer, masks: boolean) {
    this.#socket = socket
    this.#masks = masks
    socket.setNoDelay(true)
    socket.setTimeout(0)
    // 'error' is followed by 'close', which is handled.
    socket.on('error', () => {})
    socket.on('data', (chunk) => this.#onData(chunk))
    socket.once('close', () => this.onClose())
    socket.once('end', () => socket.end())
    if (head.length > 0) setImmediate(() => this.#onData(head))
  }

  get isOpen(): boolean {
    return this.#socket.writable
  }

  /** Whether the kernel has taken everything that was sent. */
  get isDrained(): boolean {
    return this.#socket.writableLength === 0
  }

  send(text: string): void {
    this.#sendFrame(TEXT, Buffer.from(text))
  }

  /** Sends a frame that `frameFor` made and the caller of this method filled in. */
  sendRaw(frame: Buffer): void {
    if (this.isOpen) this.#socket.write(frame)
  }

  close(): void {
    if (!this.isOpen) return
    this.#sendFrame(CLOSE, Buffer.from([0x03, 0xe8]))
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #sendFrame(opcode: number, payload: Buffer): void {
    const frame = frameFor(opcode, payload.length, this.#masks)
    const at = frame.length - payload.length
    payload.copy(frame, at)
    if (this.#masks) applyMask(frame, at, frame.length, MASK)
    this.sendRaw(frame)
  }

  #onData(chunk: Buffer): void {
    const data = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk
    let at = 0
    for (let end = this.#frameEnd(data, at); end !== undefined; end = this.#frameEnd(data, at)) {
      this.#onFrame(data, at, end)
      at = end
    }
    this.#rest = at < data.length ? data.subarray(at) : undefined
  }

  /** Where the frame that begins at `at` ends; undefined while it is not complete. */
  #frameEnd(data: Buffer, at: number): number | undefined {
    if (data.length < at + 2) return undefined
    const start = payloadStart(data, at)
    if (data.length < start) return undefined
    const end = start + payloadLength(data, at)
    return data.length < end ? undefined : end
  }

  #onFrame(data: Buffer, at: number, end: number): void {
    const start = payloadStart(data, at)
    if (((data[at + 1] ?? 0) & 0x80) !== 0) applyMask(data, start, end, data.subarray(start - 4, start))
    const payload = data.subarray(start, end)
    const first = data[at] ?? 0
    if (first === (FINAL | TEXT)) return this.onText(payload)
    if (first === (FINAL | PING)) return this.#sendFrame(PONG, payload)
    if (first === (FINAL | CLOSE)) return this.close()
    if (first !== (FINAL | PONG)) this.destroy()
  }
}

const FINAL = 0x80
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa
export const TEXT = 0x1
/** The mask is not zero, so that the server has the same work as with a real client. */
export const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** An empty frame with its header; the payload's room is at the end. */
export function frameFor(opcode: number, length: number, masks: boolean): Buffer {
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8
  const frame = Buffer.allocUnsafe(2 + extra + (masks ? 4 : 0) + length)
  frame[0] = FINAL | opcode
  frame[1] = (masks ? 0x80 : 0) | (extra === 0 ? length : extra === 2 ? 126 : 127)
  if (extra === 2) frame.writeUInt16BE(length, 2)
  if (extra === 8) frame.writeBigUInt64BE(BigInt(length), 2)
  if (masks) MASK.copy(frame, 2 + extra)
  return frame
}

export function applyMask(data: Buffer, from: number, to: number, mask: Buffer): void {
  const [a = 0, b = 0, c = 0, d = 0] = mask
  let at = from
  for (; at + 3 < to; at += 4) {
    data[at] = (data[at] as number) ^ a
    data[at + 1] = (data[at + 1] as number) ^ b
    data[at + 2] = (data[at + 2] as number) ^ c
    data[at + 3] = (data[at + 3] as number) ^ d
  }
  for (; at < to; at += 1) data[at] = (data[at] as number) ^ (mask[(at - from) & 3] as number)
}

function payloadStart(data: Buffer, at: number): number {
  const second = data[at + 1] ?? 0
  const code = second & 0x7f
  return at + 2 + (code === 126 ? 2 : code === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0)
}

function payloadLength(data: Buffer, at: number): number {
  const code = (data[at + 1] ?? 0) & 0x7f
  if (code < 126) return code
  return code === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2))
}
