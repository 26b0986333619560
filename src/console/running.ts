import type { FastifyInstance } from 'fastify'
import type { Call } from '../call/call.ts'
import { findCall } from '../records/read.ts'
import type { Store } from '../store/open.ts'
import { ApiError, notFound } from './errors.ts'

/** A call that runs on this server. @throws ApiError that says why nothing can be done to the call from here */
export async function runningCall(app: FastifyInstance, store: Store, callSid: string): Promise<Call> {
  const call = app.calls.list().find(({ context }) => context.callSid === callSid)
  if (call && call.state.name !== 'ended') return call
  const kept = await findCall(store, callSid)
  if (!kept) throw notFound('this call')
  const why = kept.endedAt === null && !call ? `this call runs on another server, ${kept.node}` : 'this call is over'
  throw new ApiError(409, 'not_running', why)
}
