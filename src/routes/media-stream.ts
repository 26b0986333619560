import type { FastifyInstance } from 'fastify'

/** Twilio's side of a call: the audio both ways. */
export async function mediaStream(app: FastifyInstance): Promise<void> {
  const options = { websocket: true as const }
  // Twilio signs the path with and without the slash at the end, and may dial either.
  for (const url of ['/media-stream', '/media-stream/']) {
    app.get(url, options, (socket, request) => {
      // No await before this: Twilio sends `start` at once, and ws drops what nobody listens to.
      app.calls.open(socket, request.raw.socket, request.log)
    })
  }
}
