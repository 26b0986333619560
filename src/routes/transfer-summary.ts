import type { FastifyInstance } from 'fastify'
import { whisperTwiml } from '../twilio/twiml.ts'

/** Twilio asks this when the person has picked up: what they hear before the caller is connected. */
export async function transferSummary(app: FastifyInstance): Promise<void> {
  app.route({
    method: ['GET', 'POST'],
    url: '/transfer-summary',
    handler: async (request, reply) => {
      const { call } = request.query as { call?: unknown }
      reply.type('text/xml')
      return whisperTwiml(typeof call === 'string' ? (app.calls.summaryFor(call) ?? '') : '')
    }
  })
}
