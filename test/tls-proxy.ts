import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { onTestFinished } from 'vitest'

const folder = join(import.meta.dirname, 'tls')
/** For `localhost`, signed by itself, and of no use elsewhere. */
const cert = readFileSync(join(folder, 'localhost.crt'), 'utf8')
const key = readFileSync(join(folder, 'localhost.key'), 'utf8')

/** Until the test finishes, this process believes the certificate of `startTlsProxy`. */
export function trustProxy(): void {
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, cert])
  onTestFinished(() => tls.setDefaultCACertificates(before))
}

/** A proxy with a certificate, which passes everything on, as a tunnel does. @param portOf the server's, asked for each connection */
export async function startTlsProxy(portOf: () => number): Promise<string> {
  const proxy = tls.createServer({ cert, key }, (client) => {
    const server = connect(portOf(), '127.0.0.1')
    for (const [socket, peer] of [[client, server] as const, [server, client] as const]) {
      socket.on('error', () => {})
      socket.on('close', () => peer.destroy())
    }
    client.pipe(server).pipe(client)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  return `https://localhost:${(proxy.address() as AddressInfo).port}`
}
