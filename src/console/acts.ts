import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import * as cues from '../agent/cues.ts'
import type { Call } from '../call/call.ts'
import { endWhenHeard } from '../call/end-when-heard.ts'
import { findCall } from '../records/read.ts'
import { ApiError, notFound } from './errors.ts'
import type { ApiOptions } from './options.ts'
import { CallPath, Done, NoQuery, SayBody, TransferBody } from './schemas.ts'

/** What an operator can do to a call that runs on this server. */
export const acts: FastifyPluginAsyncZod<ApiOptions> = async (app, { config, store }) => {
  const common = { params: CallPath, querystring: NoQuery, response: { 200: Done } }

  app.post(
    '/calls/:callSid/say',
    { schema: { summary: 'Has the agent say something as soon as it is free to', body: SayBody, ...common } },
    async ({ params: { callSid }, body: { text } }) => {
      const call = await runningCall(callSid)
      call.askToSpeak(cues.operatorSays(text))
      return { done: true as const }
    }
  )

  app.post(
    '/calls/:callSid/end',
    { schema: { summary: 'Has the agent say goodbye, and ends the call', ...common } },
    async ({ params: { callSid } }) => {
      const call = await runningCall(callSid)
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
      const call = await runningCall(callSid)
      call.context.transfer(target, '')
      return { done: true as const }
    }
  )

  /** @throws ApiError that says why nothing can be done to the call from here */
  async function runningCall(callSid: string): Promise<Call> {
    const call = app.calls.list().find(({ context }) => context.callSid === callSid)
    if (call && call.state.name !== 'ended') return call
    const kept = await findCall(store, callSid)
    if (!kept) throw notFound('this call')
    const why = kept.endedAt === null && !call ? `this call runs on another server, ${kept.node}` : 'this call is over'
    throw new ApiError(409, 'not_running', why)
  }
}
