import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/** How late things happen, on average over a look. A frame comes every 20 ms: from here on every caller hears it. */
const MAX_LATE_MS = 200
const LOOK_MS = 1_000

/** Watches how late the event loop is, so that new callers are declined before those who are here suffer. */
export const pressure = fp(
  async (app: FastifyInstance) => {
    await app.register(underPressure, {
      maxEventLoopDelay: MAX_LATE_MS,
      sampleInterval: LOOK_MS,
      // Its own answer, a 503, would be read to the caller as an "application error": every route answers by itself.
      pressureHandler: () => undefined
    })
  },
  { name: 'pressure' }
)
