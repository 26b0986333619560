import { write } from 'node:fs'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { giveBack, MOST_WAITING, type Sink, StoreIsSlow } from './seconds.ts'
import { HEADER_BYTES, SECOND_BYTES, SILENCE, wavHeader } from './wav.ts'

/** A FileHandle's own `write` costs twice as much. */
const writeAt = promisify(write)

export function recordingsFolder(dataDir: string): string {
  return join(dataDir, 'recordings')
}

export function recordingFile(dataDir: string, callId: string): string {
  return join(recordingsFolder(dataDir), `${callId}.wav`)
}

/** Whether a call's id can be a file's name: nothing of a path is in it. */
export function isFileName(callId: string): boolean {
  return /^\w{1,64}$/.test(callId)
}

interface Waiting {
  readonly second: number
  readonly audio: Buffer
  readonly bytes: number
}

/** The recording of a call as a file. Readable while it grows, and up to its last second after a crash. */
export class FileSink implements Sink {
  readonly #dataDir: string
  readonly #callId: string
  readonly #before: Promise<unknown>
  readonly #isErased: () => boolean
  readonly #lost: (error: unknown) => void
  readonly #waiting: Waiting[] = []
  #file: FileHandle | undefined
  /** The length of both lanes in the file. */
  #written = 0
  #isToBeDeleted = false
  #isLost = false
  /** The writing that goes on now. */
  #work: Promise<void> | undefined

  /**
   * @param before resolves when an earlier stream of this call has written its last
   * @param isErased whether the call was erased meanwhile: its file must not come back
   */
  constructor(
    dataDir: string,
    callId: string,
    before: Promise<unknown> | undefined,
    isErased: () => boolean,
    lost: (error: unknown) => void
  ) {
    this.#dataDir = dataDir
    this.#callId = callId
    this.#before = before ?? Promise.resolve()
    this.#isErased = isErased
    this.#lost = lost
  }

  write(second: number, audio: Buffer | undefined, bytes: number): void {
    // Silence is written with the next second that is kept.
    if (!audio) return
    if (this.#isLost) return giveBack(audio)
    if (this.#isErased()) {
      giveBack(audio)
      return this.delete()
    }
    if (this.#waiting.length >= MOST_WAITING) return this.#fail(new StoreIsSlow('the disk'))
    this.#waiting.push({ second, audio, bytes })
    this.#writeAll()
  }

  delete(): void {
    for (const { audio } of this.#waiting.splice(0)) giveBack(audio)
    this.#isToBeDeleted = true
    this.#writeAll()
  }

  async end(): Promise<boolean> {
    if (this.#isErased()) this.delete()
    while (this.#work) await this.#work
    const isKept = this.#file !== undefined && !this.#isLost
    await this.#close().catch((error) => this.#fail(error))
    return isKept
  }

  #writeAll(): void {
    this.#work ??= this.#writeWaiting()
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#work = undefined
        if (this.#waiting.length > 0 || this.#isToBeDeleted) this.#writeAll()
      })
  }

  async #writeWaiting(): Promise<void> {
    await this.#before
    for (;;) {
      if (this.#isToBeDeleted) await this.#delete()
      const next = this.#waiting.shift()
      if (!next) return
      try {
        if (!this.#file) await this.#open()
        await this.#put(next)
      } finally {
        giveBack(next.audio)
      }
    }
  }

  async #open(): Promise<void> {
    await mkdir(recordingsFolder(this.#dataDir), { recursive: true, mode: 0o700 })
    const path = recordingFile(this.#dataDir, this.#callId)
    const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return open(path, 'wx+', 0o600)
    })
    this.#file = file
    const { size } = await file.stat()
    this.#written = Math.max(0, size - HEADER_BYTES)
    await this.#writeFully(file.fd, wavHeader(undefined), HEADER_BYTES, 0)
  }

  async #put({ second, audio, bytes }: Waiting): Promise<void> {
    const fd = this.#file?.fd
    if (fd === undefined) return
    const at = second * SECOND_BYTES
    // A hole in the file would be zeros, which are the loudest sound in mu-law.
    while (this.#written < at) {
      const silence = Buffer.alloc(Math.min(SECOND_BYTES, at - this.#written), SILENCE)
      await this.#writeFully(fd, silence, silence.length, HEADER_BYTES + this.#written)
      this.#written += silence.length
    }
    const first = this.#written - at
    if (first >= bytes) return
    await this.#writeFully(fd, audio.subarray(first), bytes - first, HEADER_BYTES + this.#written)
    this.#written = at + bytes
  }

  /** A disk that is nearly full takes a part, and refuses the rest. */
  async #writeFully(fd: number, data: Buffer, bytes: number, position: number): Promise<void> {
    for (let done = 0; done < bytes; ) {
      const { bytesWritten } = await writeAt(fd, data, done, bytes - done, position + done)
      done += bytesWritten
    }
  }

  async #delete(): Promise<void> {
    this.#isToBeDeleted = false
    const file = this.#file
    this.#file = undefined
    await rm(recordingFile(this.#dataDir, this.#callId), { force: true })
    await file?.close()
  }

  /** The header gets its sizes: players then know the length of a file that they have not whole. */
  async #close(): Promise<void> {
    const file = this.#file
    if (!file) return
    this.#file = undefined
    try {
      const header = wavHeader(this.#written - (this.#written % 2))
      await this.#writeFully(file.fd, header, HEADER_BYTES, 0)
    } finally {
      await file.close()
    }
  }

  #fail(error: unknown): void {
    for (const { audio } of this.#waiting.splice(0)) giveBack(audio)
    if (this.#isLost) return
    this.#isLost = true
    this.#lost(error)
  }
}
