import { tool } from '@openai/agents/realtime'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { PracticeModelOptions } from '../../simulator/model/practice-model.ts'
import { tone } from '../../simulator/sound/mulaw.ts'
import { calls, hears, obliging, quiet, says, speak } from '../call/manners/scene.ts'
import { nextModel, reaches, startHouse } from '../house.ts'
import { agentWith } from '../records/agents.ts'

const SLOW_MS = 800
const slowTool = tool({
  ...{ name: 'look', description: 'Looks.', parameters: z.object({}) },
  execute: async () => new Promise<string>((resolve) => setTimeout(resolve, SLOW_MS, 'Found it.'))
})

/** The stage in which the caller of one question waited longest, by the line `call ended` alone. */
async function slowestStage(model: PracticeModelOptions) {
  const house = await startHouse({ model, overrides: agentWith(slowTool) })
  const { phone, call } = await house.connect()
  await phone.play(tone(200))
  await hears(phone, 90)
  await quiet(call)
  phone.hangUp()
  const line = await house.log.next(({ msg }) => msg === 'call ended')
  const { total, atMs, endpointing: _, ...stages } = line['slowest'] as Record<string, number>
  expect(atMs).toBeGreaterThan(total ?? 0)
  const [longest] = Object.entries(stages).sort(([, a], [, b]) => b - a)
  return { line, total, longest: longest?.[0] }
}

describe('one line says why a call was slow', () => {
  test('for its model', async () => {
    const { total, longest } = await slowestStage({ speakMs: SLOW_MS, brain: () => [says('Yes.', 100)] })
    expect(longest).toBe('model')
    expect(total).toBeGreaterThan(SLOW_MS)
  })

  test('for a tool', async () => {
    const { line, longest } = await slowestStage({
      brain: ({ kind }) => [kind === 'tool_output' ? says('Yes.', 100) : calls('look')]
    })
    expect(longest).toBe('tool')
    expect(line['slowestTool']).toEqual({ tool: 'look', ms: expect.any(Number) })
    expect((line['slowestTool'] as { ms: number }).ms).toBeGreaterThanOrEqual(SLOW_MS - 10)
  })

  test('for a model that was lost', async () => {
    const house = await startHouse({ model: { openMs: SLOW_MS } })
    const { phone, call, session } = await house.connect()
    session.drop(1011)
    await nextModel(house)
    await reaches(call, 'live')
    phone.hangUp()
    const line = await house.log.next(({ msg }) => msg === 'call ended')
    expect(line).toMatchObject({ reconnections: 1, withoutModelMs: expect.any(Number) })
    expect(line['withoutModelMs']).toBeGreaterThanOrEqual(SLOW_MS - 10)
    expect(house.log.all.find(({ msg }) => msg === 'the model was lost')).toMatchObject({ code: 1011 })
  })
})

test('a call with many tools has six lines between its first and its last, which has the sums', async () => {
  const quick = tool({
    ...{ name: 'quick', description: 'Is quick.', parameters: z.object({}) },
    execute: async () => 'Done.'
  })
  const house = await startHouse({
    env: { LOG_LEVEL: 'info' },
    model: obliging(({ kind }) =>
      kind === 'speech' ? Array.from({ length: 9 }, () => calls('quick')) : [says('Done.')]
    ),
    overrides: agentWith(quick)
  })
  const { phone, call, session } = await house.connect()
  speak(session, 'Do it nine times.')
  await hears(phone, 190)
  await quiet(call)
  phone.hangUp()
  await house.log.next(({ msg }) => msg === 'call ended')
  const [first, ...rest] = house.log.all.filter(({ callSid }) => callSid === phone.callSid)
  expect(first).toMatchObject({ msg: 'call state', to: 'connecting' })
  expect(rest.at(-1)).toMatchObject({ msg: 'call ended', tools: 9, endReason: 'caller_hung_up', fault: 'caller' })
  expect(rest.at(-1)?.['costUsd']).toBeGreaterThan(0)
  expect(rest.slice(0, -1).map(({ msg, to }) => to ?? msg)).toEqual([
    ...['live', 'tool ran', 'tool ran', 'tool ran', 'tool ran', 'ended']
  ])
})
