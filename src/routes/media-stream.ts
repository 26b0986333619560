import type { FastifyInstance } from 'fastify'

/** Twilio's media stream: a call's audio in both directions. */
export async function mediaStream(app: FastifyInstance): Promise<void> {
  const options = { websocket: true as const }
  // Twilio signs the path with and without the slash at the end, and may dial either.
  for (const url of ['/media-stream', '/media-stream/']) {
    app.get(url, options, (socket, request) => {
      // No await before this: Twilio sends `start` at once, and ws drops what arrives before a listener.
      app.calls.open(socket, request.raw.socket, request.log)
    })
  }
}
