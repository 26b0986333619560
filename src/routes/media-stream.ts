import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { echo, isProbe, PROBE_HEADER } from '../twilio/probe.ts'

/** Twilio's media stream: a call's audio in both directions. */
export async function mediaStream(app: FastifyInstance, { authToken }: { authToken: string }): Promise<void> {
  const options = { websocket: true as const, onRequest: requireUpgrade }
  // Twilio signs the path with and without the slash at the end, and may dial either.
  for (const url of ['/media-stream', '/media-stream/']) {
    app.get(url, options, (socket, request) => {
      if (isProbe(request.headers[PROBE_HEADER], authToken)) return echo(socket)
      // No await before this: Twilio sends `start` at once, and ws drops what arrives before a listener.
      app.calls.open(socket, request.raw.socket, request.log)
    })
  }
}

/** Before the signature is looked at: it is one of a WebSocket's address, and would be called wrong for a plain request. */
async function requireUpgrade({ ws }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
  if (ws) return undefined
  // A 426 names what to upgrade to (RFC 9110, 15.5.22).
  reply.header('upgrade', 'websocket').header('connection', 'close, upgrade')
  return reply.refuse(426, {
    message: "the stream's path was asked for without an upgrade: the proxy does not pass Upgrade"
  })
}
