import { expect, test } from 'vitest'
import type { HeardTurn, PlayedTurn, Run } from '../../../simulator/eval/run.ts'
import { Scene } from '../../../simulator/eval/scene.ts'
import { type Check, verdictOf, withJudged } from '../../../simulator/eval/verdict.ts'
import { silence, tone } from '../../../simulator/sound/mulaw.ts'

/** Silence and voice in turns, in ms. */
const lane = (...ms: number[]) => Buffer.concat(ms.map((length, at) => (at % 2 === 0 ? silence(length) : tone(length))))

const agent = (fromMs: number, toMs: number, text: string, more: Partial<HeardTurn> = {}): HeardTurn => ({
  ...{ who: 'agent', text, generatedText: text, fromMs, toMs, cut: false, ...more }
})
const caller = (fromMs: number, toMs: number, text: string): HeardTurn => ({
  ...agent(fromMs, toMs, text),
  who: 'caller'
})
const played = (fromMs: number, toMs: number): PlayedTurn => ({ told: 'it', fromMs, toMs })

/** A question from 1.0 to 2.0 s, which is answered from 3.2 to 5.2 s. */
function runOf(scene: object, more: Partial<Run> = {}): Run {
  return {
    file: { file: 'a.yaml', folder: '.', scene: Scene.parse({ name: 'A', turns: [{ say: 'Open today?' }], ...scene }) },
    ...{ errors: [], trouble: undefined, played: [played(1_000, 2_000)], tools: [], tones: [], kept: {} },
    heard: [caller(1_000, 2_000, 'Open today?'), agent(3_200, 5_200, 'Yes, until 9:30.')],
    ...{ endReason: 'agent_hung_up', transferredTo: undefined, unmeasured: undefined, durationMs: 6_000, costUsd: 0 },
    lanes: { caller: lane(1_000, 1_000, 4_000), agent: lane(3_200, 2_000, 1_000) },
    ...more
  }
}

const expecting = (expect: object, more: Partial<Run> = {}) =>
  verdictOf(runOf({ turns: [{ say: 'Open today?', expect }] }, more))
const missed = ({ checks }: { checks: readonly Check[] }) => checks.filter(({ isMet }) => !isMet).map(({ got }) => got)

test('the delay of an answer is measured from the caller’s last frame to the agent’s first, to 20 ms', () => {
  expect(expecting({ within: 1_200 }).outcome).toBe('passed')
  const late = expecting({ within: 1_180 })
  expect(late.outcome).toBe('failed')
  expect(missed(late)).toEqual(['heard after 1.20 s'])
  expect(missed(expecting({ within: 9_000 }, { lanes: { caller: lane(6_000), agent: lane(6_000) } }))).toEqual([
    'no answer'
  ])
})

test('the server’s own tone is no answer', () => {
  const tones = [{ fromMs: 3_190, toMs: 3_500 }]
  expect(expecting({}, { tones }).delaysMs).toEqual([1_500])
})

test('words are looked for in what was heard, whatever their case and punctuation', () => {
  const cut = [
    caller(1_000, 2_000, 'Open today?'),
    agent(3_200, 3_600, 'Yes', { generatedText: 'Yes, until 9:30.', cut: true })
  ]
  expect(expecting({ said: ['yes until', '9:30', '/UNTIL \\d/'], notSaid: 'til' }).outcome).toBe('passed')
  expect(missed(expecting({ said: '9:30' }, { heard: cut }))).toEqual(['heard: "Yes"'])
  expect(missed(expecting({ notSaid: 'yes' }))).toEqual(['heard: "Yes, until 9:30."'])
})

test('a tool is looked for with its arguments, and an empty list is no tool', () => {
  const tools = [{ name: 'hours', args: { day: 'Friday', also: 1 }, result: 'open', atMs: 2_500 }]
  expect(expecting({ tools: [{ name: 'hours', args: { day: 'friday' } }] }, { tools }).outcome).toBe('passed')
  expect(expecting({ tools: [{ name: 'hours', args: { day: 'Monday' } }] }, { tools }).outcome).toBe('failed')
  expect(missed(expecting({ tools: [] }, { tools }))).toEqual(['hours {"day":"Friday","also":1}'])
  expect(expecting({ tools: [] }).outcome).toBe('passed')
})

test('what the agent has kept has to be there once, and nothing else of its kind', () => {
  const kept = { booking: [{ day: 'Friday', name: 'Ann Lee' }] }
  const state = (booking: object[]) => verdictOf(runOf({ state: { booking } }, { kept })).outcome
  expect(state([{ name: 'ann lee' }])).toBe('passed')
  expect(state([])).toBe('failed')
  expect(state([{ name: 'Ann' }, { day: 'Friday' }])).toBe('failed')
  expect(verdictOf(runOf({ state: { booking: [] } })).outcome).toBe('passed')
})

test('the end and a transfer are compared with the record', () => {
  expect(verdictOf(runOf({ ended: 'agent hung up', transferred: false })).outcome).toBe('passed')
  expect(missed(verdictOf(runOf({ ended: 'transferred', transferred: 'desk' })))).toEqual(['agent hung up', 'nobody'])
  expect(verdictOf(runOf({ transferred: 'front desk' }, { transferredTo: 'front desk' })).outcome).toBe('passed')
})

test('a call that ends before the caller’s last turn has failed', () => {
  const turns = [{ say: 'Open today?' }, { say: 'And now?' }]
  expect(missed(verdictOf(runOf({ turns })))).toEqual(['the call ended after 1'])
})

/** The answer of 3.2 to 5.2 s is spoken over from 4.0 s on. */
const over = (how: object, answer: HeardTurn, agentLane: Buffer, after: HeardTurn[] = []) =>
  verdictOf(
    runOf(
      { turns: [{ say: 'Open today?' }, { say: 'Mhm', bargeInMs: 800, expect: how }] },
      {
        played: [played(1_000, 2_000), played(4_000, 4_400)],
        heard: [caller(1_000, 2_000, 'Open today?'), answer, ...after],
        lanes: { caller: lane(8_000), agent: agentLane }
      }
    )
  )
const whole = agent(3_200, 5_200, 'Yes, we are open until half past nine.')
const cut = { ...whole, text: 'Yes, we', toMs: 4_300, cut: true }

test('an agent that is cut off yields and does not continue, and one that talks on the other way round', () => {
  const stops = lane(3_200, 1_100, 3_700)
  expect(over({ yields: true }, cut, stops).outcome).toBe('passed')
  expect(over({ continues: true }, cut, stops).outcome).toBe('failed')
  const talks = lane(3_200, 4_000, 800)
  expect(over({ continues: true }, { ...whole, toMs: 7_200 }, talks).outcome).toBe('passed')
  expect(missed(over({ yields: true }, { ...whole, toMs: 7_200 }, talks))).toEqual(['after 3.20 s'])
})

test('an agent resumes when the end of what it had begun to say is heard after all', () => {
  const sound = lane(3_200, 1_100, 700, 2_000, 1_000)
  expect(over({ resumes: true }, cut, sound).outcome).toBe('failed')
  const rest = agent(5_000, 7_000, 'We are open until half past nine.')
  expect(over({ resumes: true }, cut, sound, [rest]).outcome).toBe('passed')
})

test('nothing is scored where something of ours went wrong or the caller did not do their part', () => {
  expect(verdictOf(runOf({}, { errors: ['no record'] }))).toMatchObject({ outcome: 'error', reasons: ['no record'] })
  const silent = over({ yields: true }, whole, lane(8_000))
  expect(silent).toMatchObject({ outcome: 'invalid', reasons: [expect.stringContaining('had finished before')] })
  const unheard = verdictOf(runOf({}, { heard: [caller(1_000, 2_000, '[speech]')] }))
  expect(unheard).toMatchObject({ outcome: 'invalid', reasons: [expect.stringContaining('understood as "[speech]"')] })
})

test('on a machine that was late nothing is said about time, and the rest counts', () => {
  const unmeasured = 'this machine was late by 0.40 s'
  expect(expecting({ within: 100 }, { unmeasured })).toMatchObject({ outcome: 'error' })
  expect(expecting({ within: 100, said: 'no' }, { unmeasured })).toMatchObject({ outcome: 'failed' })
  expect(expecting({ within: 2_000 }, { unmeasured })).toMatchObject({ outcome: 'passed' })
  // While it can be played again, nothing that was missed counts.
  const cut = runOf({ turns: [{ say: 'Open today?', expect: { said: 'no' } }] }, { unmeasured })
  expect(verdictOf(cut, false)).toMatchObject({ outcome: 'error' })
})

test('a judge can fail what code has passed, and passes nothing that code has failed', () => {
  const says = (isMet: boolean): Check => ({ stage: 'judge', turn: undefined, isMet, expected: 'a rule', got: '' })
  expect(withJudged(expecting({ said: 'yes' }), [says(false)]).outcome).toBe('failed')
  expect(withJudged(expecting({ said: 'yes' }), [says(true)]).outcome).toBe('passed')
  expect(withJudged(expecting({ said: 'no' }), [says(true)]).outcome).toBe('failed')
})
