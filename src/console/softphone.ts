import { randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import * as cues from '../agent/cues.ts'
import type { Config } from '../config.ts'
import { newCallsLimit } from '../plugins/limits.ts'
import type { Next } from '../switchboard/line.ts'
import type { Declined } from '../switchboard/switchboard.ts'
import { fail } from './errors.ts'
import type { Instruction, Stream } from './instruction.ts'
import { type Practice, practiceSpeech } from './practice.ts'

/** Who rings from the page. Twilio's own clients have such names too; no number looks like it. */
const FROM = 'client:console'
/** How the sid of a page's call begins: on any node a question about another call is told from one about these. */
const SID_PREFIX = 'CAc0501e'
const CallSid = z.object({ callSid: z.string().regex(new RegExp(`^${SID_PREFIX}[0-9a-f]{26}$`)) })

/** What the page tells about its call that is over: whether its person hung up, and what came of a call to somebody. */
const Question = z.strictObject({
  isOver: z.boolean().default(false),
  dial: z.enum(['completed', 'no-answer', 'busy', 'failed']).optional()
})

export interface SoftphoneOptions {
  readonly config: Config
  /** What `npm run practice` adds; undefined everywhere else. */
  readonly practice: Practice | undefined
}

/**
 * The telephone of the console's page: the webhook, the stream and the question what comes next, for a caller who is
 * behind the console's door instead of behind Twilio.
 */
export async function softphone(app: FastifyInstance, { config, practice }: SoftphoneOptions): Promise<void> {
  const isOneTooMany = newCallsLimit(app, config, () => FROM)

  app.post('/api/phone/calls', async (request, reply) => {
    const callSid = SID_PREFIX + randomBytes(13).toString('hex')
    const claims = { callSid, from: FROM, direction: 'inbound', parameters: {} }
    const why = app.calls.answer(claims, await isOneTooMany(request))
    if (why === undefined) return stream(callSid, app.calls.tokens.issue(claims), config.call.say)
    request.log.warn({ callSid, why }, 'a caller was declined')
    const { status, code, message } = refusalFor(why, config)
    return fail(reply, status, code, message)
  })

  app.get('/api/phone/stream', { websocket: true }, (socket, request) => {
    // No await before this: the page sends `start` at once, and ws drops what arrives before a listener.
    app.calls.open(socket, request.raw.socket, request.log)
  })

  app.post('/api/phone/calls/:callSid/ended', async (request, reply) => {
    const sid = CallSid.safeParse(request.params).data?.callSid
    if (sid === undefined) return fail(reply, 404, 'not_found', 'expected the callSid of a call that this page placed')
    const question = Question.safeParse(request.body ?? {})
    if (!question.success) return fail(reply, 400, 'invalid', z.prettifyError(question.error))
    const { isOver, dial } = question.data
    return instruction(sid, app.calls.next(sid, { isOver, dial }))
  })

  app.get('/api/phone', async () => ({ sentences: practice?.sentences ?? null }))
  if (practice) await app.register(practiceSpeech, practice)

  function stream(callSid: string, parameters: Stream['parameters'], say: string): Stream {
    return { callSid, accountSid: practice?.accountSid, parameters, say }
  }

  function instruction(callSid: string, next: Next): Instruction {
    switch (next.do) {
      case 'hang up':
        return { do: 'hang up' }
      case 'apologise':
        return { do: 'apologise', say: `${cues.apology} ${cues.callAgain}` }
      case 'dial': {
        const { target, summary } = next.transfer
        return { do: 'dial', target, number: config.call.transferTargets.get(target) ?? null, summary }
      }
      case 'stream':
        return { do: 'stream', ...stream(callSid, app.calls.tokens.issue(next.admission.claims), '') }
    }
  }
}

function refusalFor(why: Declined, { call }: Config): { status: number; code: string; message: string } {
  switch (why) {
    case 'draining':
      return { status: 503, code: 'draining', message: 'the server is stopping and takes no new calls' }
    case 'overloaded':
      return { status: 503, code: 'overloaded', message: 'the server is overloaded and takes no new calls for now' }
    case 'all lines are taken':
      return { status: 409, code: 'line_busy', message: `all lines are taken (MAX_CALLS is ${call.maxCalls})` }
    case 'the day’s budget is spent':
      return { status: 409, code: 'budget_spent', message: 'the day’s budget is spent (MAX_DAY_COST_USD)' }
    case 'too many calls a minute from this number':
      return {
        ...{ status: 409, code: 'too_many_calls' },
        message: `too many calls from this page in a minute (MAX_CALLS_PER_CALLER is ${call.maxCallsPerCaller})`
      }
  }
}
