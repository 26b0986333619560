import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'

/**
 * The average delay of the event loop in one interval. A frame comes every 20 ms, so from here on callers hear the
 * delay.
 */
const MAX_LATE_MS = 200
const LOOK_MS = 1_000

/** Watches the delay of the event loop, so that new callers are declined before live calls suffer. */
export const pressure = fp(
  async (app: FastifyInstance) => {
    await app.register(underPressure, {
      maxEventLoopDelay: MAX_LATE_MS,
      sampleInterval: LOOK_MS,
      // The plugin's own answer, a 503, would be read to the caller as an "application error". The routes answer
      // instead.
      pressureHandler: () => undefined
    })
  },
  { name: 'pressure' }
)
