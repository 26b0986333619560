import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { voiceFor } from '../sound/language.ts'
import { speak } from '../sound/speech.ts'

/** eSpeak NG's variant for the caller, so that they do not have the agent's voice. */
const CALLER = '+f3'

/**
 * Speaks sentences for the telephone in the page: answers each with its sound in mu-law, when the practice model has been
 * given its words. It has a secret in its path and listens on this machine alone.
 */
export class SpeechDoor {
  readonly url: string
  readonly #server: ReturnType<typeof createServer>

  /** @param hear gives the model the words that are about to be said */
  static async open(hear: (words: string) => void): Promise<SpeechDoor> {
    const path = `/${randomBytes(18).toString('base64url')}`
    const server = createServer(async (request, response) => {
      if (request.url !== path || request.method !== 'POST') return response.writeHead(404).end()
      const words = await bodyOf(request)
      const sound = await speak(words, { voice: voiceFor(words) + CALLER })
      hear(words)
      return response.end(sound)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new SpeechDoor(server, path)
  }

  private constructor(server: ReturnType<typeof createServer>, path: string) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
