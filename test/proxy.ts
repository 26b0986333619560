import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/**
 * A proxy that passes everything on, `Upgrade` too, as docs/deploying.md has nginx do.
 * @param serverFor where a request for this host goes; asked once for each connection, since telephones keep none open
 */
export async function startProxy(serverFor: (host: string) => string): Promise<string> {
  const proxy = createServer((client) => {
    // The telephone writes a request's head at once.
    client.once('data', (head) => {
      const [, host = ''] = /^host: *(\S+)/im.exec(head.toString('latin1')) ?? []
      const { hostname, port } = new URL(serverFor(host))
      const server = connect(Number(port), hostname)
      endTogether(client, server)
      server.write(head)
      client.pipe(server).pipe(client)
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}

function endTogether(one: Socket, other: Socket): void {
  for (const [socket, peer] of [[one, other] as const, [other, one] as const]) {
    socket.on('error', () => {})
    socket.on('close', () => peer.destroy())
  }
}
