import { RealtimeAgent, tool } from '@openai/agents/realtime'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CallContext, CallRunContext } from '../../../src/agent/context.ts'
import { startHouse } from '../../house.ts'
import { calls, obliging, says, speak, told } from './scene.ts'

/** Puts all that it is told of the caller into its instructions, and into its tool's answer. */
function curious() {
  const whoIs = ({ context }: CallRunContext) => {
    const { callSid, from, to, direction, parameters } = context.call
    return JSON.stringify({ callSid, from, to, direction, parameters })
  }
  return new RealtimeAgent<CallContext>({
    name: 'Triage Agent',
    instructions: (context) => `The caller: ${whoIs(context)}`,
    tools: [
      tool({
        name: 'who_is_calling',
        description: 'Who is calling.',
        parameters: z.object({}),
        execute: async (_, context?: CallRunContext) => (context ? whoIs(context) : 'nobody')
      })
    ]
  })
}

const asks = obliging(({ kind }) => (kind === 'speech' ? [calls('who_is_calling')] : [says('I see.')]))

test.each([
  ['an early greeting', { EARLY_GREETING: 'true', GREETING: 'Say hello.' }],
  ['a greeting', { EARLY_GREETING: 'false', GREETING: 'Say hello.' }],
  ['no greeting', { GREETING: '' }]
])('instructions and tools know who is calling, from the first word on, with %s', async (_what, env) => {
  const house = await startHouse({
    env: { ...env, TWILIO_AUTH_TOKEN: 'secret' },
    model: asks,
    overrides: { agentFor: () => curious() }
  })
  const who = { from: '+4930123456', to: '+15557654321', direction: 'outbound-api', callSid: 'CA42' }
  const path = '/incoming-call?branch=north&plan=gold%20%26%20more'
  const { session } = await house.connect({ ...who, path, authToken: 'secret' })
  const known = JSON.stringify({
    callSid: 'CA42',
    from: '+4930123456',
    to: '+15557654321',
    direction: 'outbound-api',
    parameters: { branch: 'north', plan: 'gold & more' }
  })
  const configuration = await session.receives('session.update')
  expect(configuration.session.instructions).toBe(`The caller: ${known}`)
  speak(session, 'Who am I?')
  await session.receives('conversation.item.create', ({ item }) => item.type === 'function_call_output')
  expect(told(session)).toEqual([JSON.stringify(known)])
})

test.each(['', 'anonymous', 'Restricted', '+266696687'])('a withheld number ("%s") is no number', async (From) => {
  const house = await startHouse({ env: { TWILIO_AUTH_TOKEN: 'secret' }, model: asks })
  const { session, call } = await house.connect({ authToken: 'secret', parameters: { From } })
  expect(call.context.from).toBeUndefined()
  const { session: config } = await session.receives('session.update')
  expect(config.instructions).toContain('a withheld number')
})
