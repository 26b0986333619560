import { RealtimeAgent, tool } from '@openai/agents/realtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Turn } from '../../simulator/model/practice-model.ts'
import type { AgentFor, CallContext } from '../../src/agent/context.ts'
import * as cues from '../../src/agent/cues.ts'
import { eventually, journalOf, nextModel, startHouse } from '../house.ts'
import { answers, calls, isTold, obliging, says, speak } from './manners/scene.ts'

const SOUTH = '+15550000002'

function branch(name: string) {
  const whereIs = tool({
    name: `where_is_${name.toLowerCase()}`,
    description: 'Where the branch is.',
    parameters: z.object({}),
    execute: async () => `In the ${name}.`
  })
  return new RealtimeAgent<CallContext>({
    name,
    instructions: `You answer the phone at Bakery ${name}.`,
    tools: [whereIs]
  })
}
const [north, south] = [branch('North'), branch('South')]
const agentFor: AgentFor = ({ to, parameters }) => (to === SOUTH || parameters['branch'] === 'south' ? south : north)
const overrides = { agentFor }

/** Says of itself what its instructions say. */
const model = { ...obliging(), brain: ({ instructions }: Turn) => [says(instructions.split('\n')[0] ?? '')] }

const greets = (who: string) => `You answer the phone at Bakery ${who}.`

describe('each number and each branch has its own agent', () => {
  test.each([
    ['an early greeting', {}],
    ['a greeting at the stream', { EARLY_GREETING: 'false' }]
  ])('which greets as what it is, with %s', async (_what, env) => {
    const house = await startHouse({ env: { GREETING: undefined, ...env }, model, overrides })
    for (const [options, who] of [
      [{}, 'North'],
      [{ to: SOUTH }, 'South'],
      [{ path: '/incoming-call?branch=south' }, 'South']
    ] as const) {
      const { phone, session } = await house.connect(options)
      await eventually(
        () => answers(house).at(-1),
        (words) => words === greets(who)
      )
      expect(session.config.tools.map(({ name }) => name)).toEqual([`where_is_${who.toLowerCase()}`])
      // No other agent was there before it.
      const told = session.received.all.flatMap((event) =>
        event.type === 'session.update' && event.session.audio ? [event.session.instructions] : []
      )
      expect(told).toEqual([greets(who)])
      phone.hangUp()
    }
    // One session each: the warm one was the right agent's.
    expect(house.model.handshakes.all).toHaveLength(3)
  })
})

const lost = obliging(({ kind }) => (kind === 'speech' ? [calls('where_is_south')] : [says('In the South.')]))

test('a model that is lost is reached anew by the agent of the call, whose tools run through the call', async () => {
  const house = await startHouse({ model: lost, overrides })
  const { call, session } = await house.connect({ to: SOUTH })
  session.drop(1011)
  const next = await nextModel(house)
  expect(next.config.instructions).toBe('You answer the phone at Bakery South.')
  speak(next, 'Where are you?')
  await isTold(next, 'In the South.')
  expect(journalOf(call).map(({ event }) => event.type)).toContain('tool_finished')
})

test('a caller who comes back from a transfer has the agent they had', async () => {
  const house = await startHouse({
    env: { TRANSFER_TARGETS: 'desk=+15551230001' },
    model: obliging(),
    overrides
  })
  const dial = () => ({ status: 'no-answer' }) as const
  const { call } = await house.connect({ path: '/incoming-call?branch=south', dial })
  call.context.transfer('desk', '')
  const back = await nextModel(house)
  expect(back.config.instructions).toBe('You answer the phone at Bakery South.')
})

test.each([
  ['webhook', 1],
  ['stream', 2]
])('a caller for whom no agent can be chosen at the %s hears an apology', async (_when, time) => {
  let asked = 0
  const fails: AgentFor = () => {
    asked += 1
    if (asked === time) throw new Error('no agent')
    return north
  }
  const house = await startHouse({
    env: { GREETING: 'Say hello.' },
    model: obliging(),
    overrides: { agentFor: fails },
    provokes: ['the log']
  })
  const phone = await house.ring()
  await phone.ended
  expect(phone.said.all).toEqual([expect.stringContaining(cues.apology)])
})
