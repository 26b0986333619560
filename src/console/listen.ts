import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { WebSocket } from 'ws'
import type { Call } from '../call/call.ts'
import type { AudioFrame } from '../call/caller-leg.ts'
import { contain } from '../call/contain.ts'
import { audit } from '../records/erase.ts'
import { ApiError } from './errors.ts'
import type { Listening } from './listening.ts'
import type { ApiOptions } from './options.ts'
import { runningCall } from './running.ts'
import { CallPath, NoQuery } from './schemas.ts'

/** The first byte of each message; mu-law follows. Of `CLEAR` nothing does: the agent's sound up to now is not played. */
const CALLER = 0
const AGENT = 1
const CLEAR = 2

/** What may wait for a listener: a minute of the agent's, whose sound comes faster than it is played. */
const MOST_WAITING_BYTES = 512 * 1024
const TOO_SLOW = 1013
const OVER = 1000

/** Both lanes of a call that runs, over a WebSocket, while somebody listens. */
export const listen: FastifyPluginAsyncZod<ApiOptions> = async (app, { store, listening }) => {
  const schema = { summary: 'Both lanes of a running call, over a WebSocket', params: CallPath, querystring: NoQuery }
  app.get(
    '/calls/:callSid/listen',
    {
      websocket: true,
      schema,
      preHandler: async ({ params, ip }) => {
        if (!listening) throw new ApiError(403, 'listening_is_off', 'set LISTEN=true to listen to calls that run')
        await runningCall(app, store, params.callSid)
        await audit(store, store.db, 'listen', 1, ip)
      }
    },
    (socket, { params: { callSid } }) => {
      const call = app.calls.list().find(({ context }) => context.callSid === callSid)
      if (call && listening) sendSound(socket, call, listening)
      else socket.close(OVER, 'this call is over')
    }
  )
}

function sendSound(socket: WebSocket, call: Call, listening: Listening): void {
  const send = (lane: number, bytes: number, write: (message: Buffer) => void) => {
    if (!listening.isAllowed(call)) return
    if (socket.bufferedAmount > MOST_WAITING_BYTES) return void socket.close(TOO_SLOW, 'too slow to listen')
    // Nothing of the call depends on it: an exception costs the listener.
    contain(
      () => {
        const message = Buffer.allocUnsafe(1 + bytes)
        message[0] = lane
        write(message)
        socket.send(message)
      },
      () => socket.terminate()
    )
  }
  const untap = call.caller.tap({
    caller: ({ audio }: AudioFrame) => send(CALLER, audio.byteLength, (message) => audio.decode(message, 1)),
    agent: (audio) => send(AGENT, Buffer.byteLength(audio, 'base64'), (message) => message.write(audio, 1, 'base64')),
    clear: () => send(CLEAR, 0, () => {})
  })
  const stop = call.journal.on('ended', () => socket.close(OVER, 'this call is over'))
  socket.on('close', () => {
    untap()
    stop()
  })
  // A socket error is always followed by 'close' (ws).
  socket.on('error', () => {})
}
