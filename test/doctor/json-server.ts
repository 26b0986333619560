import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A web server of somebody else's, until the test finishes. @returns its port */
export async function jsonServer(answer: (url: string) => unknown): Promise<number> {
  const server = createServer(({ url = '' }, response) => {
    const body = answer(url)
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
