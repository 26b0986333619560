import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { onTestFinished } from 'vitest'
import { Inbox } from '../../simulator/inbox.ts'
import type { Call } from '../../src/records/read.ts'

export const SECRET = `whsec_${Buffer.alloc(32, 'a').toString('base64')}`
export const NEW_SECRET = `whsec_${Buffer.alloc(32, 'b').toString('base64')}`

/** A delivery as it came, verified by the library of Standard Webhooks. */
export interface Received {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: { readonly call: Call } & Readonly<Record<string, unknown>>
  readonly body: string
  readonly headers: IncomingHttpHeaders
  /** On the clock of `Date.now()`. */
  readonly at: number
}

export type Answer = (received: Received, reply: ServerResponse) => void

/** A server of the operator's that takes webhooks. @param answer 204 to everything by default */
export async function receive({ answer, secret = SECRET }: { answer?: Answer; secret?: string } = {}) {
  const received = new Inbox<Received>('webhooks', ({ id, type }) => `${type} ${id}`)
  const server = createServer(async (request, reply) => {
    const body = await text(request)
    const headers = request.headers as Record<string, string>
    const event = new Webhook(secret).verify(body, headers) as Pick<Received, 'type' | 'timestamp' | 'data'>
    const one = { ...event, id: headers['webhook-id'] ?? '', body, headers, at: Date.now() }
    received.push(one)
    if (answer) answer(one, reply)
    else reply.writeHead(204).end()
  })
  server.on('clientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`
  return {
    url,
    received,
    env: { WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET, WEBHOOK_RETRY_MS: '50,50,50' },
    next: (type: string, limitMs?: number) => received.next((one) => one.type === type, limitMs),
    /** Nobody listens at its address for a while. */
    async isAwayFor(ms: number) {
      const { port } = server.address() as AddressInfo
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await delay(ms)
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    },
    types: () => received.all.map(({ type }) => type)
  }
}
