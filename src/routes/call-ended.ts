import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Transfer } from '../call/events.ts'
import type { Config } from '../config.ts'
import type { Next } from '../switchboard/line.ts'
import { apologyTwiml, hangUpTwiml, transferTwiml } from '../twilio/twiml.ts'
import { readWebhook } from '../twilio/webhook.ts'
import { connect, originOf, webhookParams } from './incoming-call.ts'

/** Twilio asks this when a stream has closed or a dialled call is over: what the caller's line does next. */
export async function callEnded(app: FastifyInstance, { config }: { config: Config }): Promise<void> {
  app.route({
    method: ['GET', 'POST'],
    url: '/call-ended',
    handler: async (request, reply) => {
      reply.type('text/xml')
      const params = webhookParams(request)
      const callSid = readWebhook(params, {})?.callSid
      if (callSid === undefined) return hangUpTwiml()
      const dial = params['DialCallStatus']
      try {
        const next = app.calls.next(callSid, {
          dial: typeof dial === 'string' ? dial : undefined,
          isOver: params['CallStatus'] === 'completed'
        })
        return twimlFor(next, app, config, request, callSid)
      } catch (error) {
        // The answer will be an apology, so the line is not needed any more.
        app.calls.giveBack(callSid)
        throw error
      }
    }
  })
}

function twimlFor(next: Next, app: FastifyInstance, config: Config, request: FastifyRequest, callSid: string): string {
  switch (next.do) {
    case 'hang up':
      return hangUpTwiml()
    case 'apologise':
      return apologyTwiml(config.call.fallbackNumber)
    case 'dial':
      return dialTwiml(request, config, callSid, next.transfer)
    case 'stream':
      return connect(app, config, request, next.admission.claims, '')
  }
}

function dialTwiml(request: FastifyRequest, config: Config, callSid: string, { target, summary }: Transfer): string {
  const origin = originOf(request, config)
  const number = config.call.transferTargets.get(target)
  if (number === undefined) return apologyTwiml(config.call.fallbackNumber)
  const whisperUrl = `${origin}/transfer-summary?call=${encodeURIComponent(callSid)}`
  return transferTwiml({
    number,
    actionUrl: `${origin}/call-ended`,
    whisperUrl: summary === '' ? undefined : whisperUrl
  })
}
