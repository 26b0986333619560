import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

interface Order {
  readonly id: number
  readonly text: string
  readonly voice: string
  readonly pace: number
}

type Done = { readonly id: number; readonly mulaw: Uint8Array } | { readonly id: number; readonly error: string }

/** Speech is made in a thread of its own, 100 to 250 ms of a core for a sentence, and kept on disk for the next time. */
export class SpeechStore {
  /** How often speech was not there and had to be made. */
  made = 0
  readonly #folder: string | undefined
  #worker: Worker | undefined
  readonly #waiting = new Map<number, PromiseWithResolvers<Buffer>>()

  /** @param folder where speech is kept; undefined keeps none, as the words may be somebody's, who can have them erased */
  constructor(folder: string | undefined) {
    this.#folder = folder
  }

  readonly render = async (text: string, voice: string, pace: number): Promise<Buffer> => {
    if (this.#folder === undefined) return this.#make(text, voice, pace)
    const name = createHash('sha256').update(`${voice}\n${pace}\n${text}`).digest('hex')
    const file = join(this.#folder, `${name}.ulaw`)
    const kept = await readFile(file).catch(() => undefined)
    if (kept) return kept
    const speech = await this.#make(text, voice, pace)
    await mkdir(this.#folder, { recursive: true })
    // Other processes read the folder too: a file is there whole or not at all.
    const unfinished = `${file}.${randomUUID()}`
    await writeFile(unfinished, speech)
    await rename(unfinished, file)
    return speech
  }

  #make(text: string, voice: string, pace: number): Promise<Buffer> {
    this.made++
    this.#worker ??= this.#start()
    const order: Order = { id: this.made, text, voice, pace }
    const done = Promise.withResolvers<Buffer>()
    this.#waiting.set(order.id, done)
    this.#worker.ref()
    this.#worker.postMessage(order)
    return done.promise
  }

  #start(): Worker {
    const worker = new Worker(new URL('./speech-worker.ts', import.meta.url))
    worker.on('message', (done: Done) => {
      const { id } = done
      if ('error' in done) this.#waiting.get(id)?.reject(new Error(done.error))
      else this.#waiting.get(id)?.resolve(Buffer.from(done.mulaw))
      this.#waiting.delete(id)
      if (this.#waiting.size === 0) worker.unref()
    })
    worker.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    return worker
  }
}
