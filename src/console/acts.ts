import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import * as cues from '../agent/cues.ts'
import { endWhenHeard } from '../call/end-when-heard.ts'
import { ApiError } from './errors.ts'
import type { ApiOptions } from './options.ts'
import { runningCall } from './running.ts'
import { CallPath, Done, NoQuery, SayBody, TransferBody } from './schemas.ts'

/** What an operator can do to a call that runs on this server. */
export const acts: FastifyPluginAsyncZod<ApiOptions> = async (app, { config, store }) => {
  const common = { params: CallPath, querystring: NoQuery, response: { 200: Done } }

  app.post(
    '/calls/:callSid/say',
    { schema: { summary: 'Has the agent say something as soon as it is free to', body: SayBody, ...common } },
    async ({ params: { callSid }, body: { text } }) => {
      const call = await runningCall(app, store, callSid)
      call.askToSpeak(cues.operatorSays(text))
      return { done: true as const }
    }
  )

  app.post(
    '/calls/:callSid/end',
    { schema: { summary: 'Has the agent say goodbye, and ends the call', ...common } },
    async ({ params: { callSid } }) => {
      const call = await runningCall(app, store, callSid)
      endWhenHeard(call, 'operator_hung_up', { say: cues.sayGoodbye, cancelOnSpeech: false })
      return { done: true as const }
    }
  )

  app.post(
    '/calls/:callSid/transfer',
    { schema: { summary: 'Puts the caller through to one of TRANSFER_TARGETS', body: TransferBody, ...common } },
    async ({ params: { callSid }, body: { target } }) => {
      const names = [...config.call.transferTargets.keys()]
      if (!names.includes(target)) {
        const known = names.length === 0 ? 'TRANSFER_TARGETS is not set' : `expected one of ${names.join(', ')}`
        throw new ApiError(400, 'bad_request', `target: ${known}`)
      }
      const call = await runningCall(app, store, callSid)
      call.context.transfer(target, '')
      return { done: true as const }
    }
  )
}
