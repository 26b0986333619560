import { expect, test } from 'vitest'
import { readOrder } from '../../../simulator/eval/options.ts'
import { type Outcome, outcomesOf, type PlayedStimulus } from '../../../simulator/eval/panel/measure.ts'
import { playPanelCall, rehearse } from '../../../simulator/eval/panel/panel-call.ts'
import { stimuli } from '../../../simulator/eval/panel/stimuli.ts'
import { missedOf, tableOf } from '../../../simulator/eval/panel/table.ts'
import { silence, tone } from '../../../simulator/sound/mulaw.ts'

const CALL_LIMIT_MS = 60_000
const LONG_MS = 20_000

/** A lane with a voice from and to these points. */
function lane(...spans: readonly (readonly [number, number])[]): Buffer {
  const sound = silence(LONG_MS)
  for (const [fromMs, toMs] of spans) sound.set(tone(toMs - fromMs), fromMs * 8)
  return sound
}

/** What becomes of one sound of the caller's, from 5 to 6 s, while the agent is heard in these spans. */
function outcome(
  kind: PlayedStimulus['kind'],
  agent: readonly (readonly [number, number])[],
  more: { noticedMs?: number[]; clearedMs?: number[] } = {}
): Outcome | undefined {
  const isOver = agent.some(([fromMs, toMs]) => fromMs < 5_000 && toMs > 5_000)
  const [found] = outcomesOf({
    // The caller's sound stands somewhere in its span, as silence does around words.
    played: [{ kind, isOver, fromMs: 4_900, toMs: 6_200 }],
    lanes: { caller: lane([5_000, 6_000]), agent: lane(...agent) },
    ...{ noticedMs: [], clearedMs: [], ...more }
  })
  return found
}

test('an answer is timed from the last voiced frame of the caller to the first of the agent', () => {
  const answered = { isAnswered: true, isTalkedOver: false }
  expect(outcome('turn', [[6_940, 9_000]])).toMatchObject({ ...answered, answerMs: 940 })
  expect(outcome('turn', [])).toMatchObject({ isAnswered: false, answerMs: undefined })
  expect(outcome('turn', [[5_500, 9_000]])).toMatchObject({ isTalkedOver: true })
})

test('an agent that goes on after a breath has not begun anew', () => {
  const agent = [[1_000, 5_100] as const, [5_300, 5_400] as const, [7_000, 9_000] as const]
  expect(outcome('interruption', agent)).toMatchObject({ yieldMs: 400, isTalkedOver: false, answerMs: 1_000 })
})

test('an interruption is timed until the agent is silent, and the server’s part apart', () => {
  const wire = { noticedMs: [900, 5_060], clearedMs: [950, 5_075] }
  const stopped = outcome('interruption', [[1_000, 5_080]], wire)
  expect(stopped).toMatchObject({ hasYielded: true, yieldMs: 80, serverMs: 15 })
  const late = outcome('interruption', [[1_000, 7_020]], { noticedMs: [5_060], clearedMs: [] })
  expect(late).toMatchObject({ hasYielded: false, yieldMs: undefined, serverMs: undefined })
})

test('a caller who speaks again before the answer was not answered', () => {
  const [first, second] = outcomesOf({
    played: [
      { kind: 'turn', isOver: false, fromMs: 1_000, toMs: 2_000 },
      { kind: 'turn', isOver: false, fromMs: 5_000, toMs: 6_000 }
    ],
    lanes: { caller: lane([1_000, 2_000], [5_000, 6_000]), agent: lane([7_000, 8_000]) },
    ...{ noticedMs: [], clearedMs: [] }
  })
  expect(first?.isAnswered).toBe(false)
  expect(second).toMatchObject({ isAnswered: true, answerMs: 1_000 })
})

test('a sound is ignored by an agent that goes on for 1 s, or stays silent for 2 s', () => {
  for (const kind of ['backchannel', 'noise', 'aside'] as const) {
    expect(outcome(kind, [[1_000, 7_300]])?.isIgnored).toBe(true)
    expect(outcome(kind, [[1_000, 6_900]])?.isIgnored).toBe(false)
  }
  expect(outcome('noise', [[8_000, 9_000]])?.isIgnored).toBe(true)
  expect(outcome('noise', [[7_980, 9_000]])?.isIgnored).toBe(false)
})

test('a rate of fewer than ten events is hidden, and a target that was not reached is named', () => {
  const yields = (hasYielded: boolean): Outcome => ({ kind: 'interruption', isOver: true, hasYielded, yieldMs: 80 })
  const few = [{ minInterruptionMs: 0, outcomes: Array.from({ length: 9 }, () => yields(false)) }]
  expect(tableOf(few)).toMatch(/^\| R_Y \| .* \| - \(of 9\) \| at least 0.99 \|$/m)
  expect(missedOf(few)).toEqual([])
  const enough = [{ minInterruptionMs: 400, outcomes: Array.from({ length: 10 }, (_, at) => yields(at > 0)) }]
  expect(tableOf(enough)).toMatch(/^\| R_Y \| .* \| 0.90 \(of 10\) \| at least 0.99 \|$/m)
  expect(missedOf(enough)).toEqual(['R_Y with MIN_INTERRUPTION_MS=400: 0.90 (of 10); the target is at least 0.99'])
})

test('there are as many stimuli of each kind as were asked for, the same ones each time', async () => {
  const [first, second] = [await stimuli(3), await stimuli(3)]
  expect(first.map(({ mulaw }) => mulaw)).toEqual(second.map(({ mulaw }) => mulaw))
  const counts = Object.entries(Object.groupBy(first, ({ kind }) => kind)).map(([kind, all]) => [kind, all.length])
  expect(Object.fromEntries(counts)).toEqual({ backchannel: 3, interruption: 3, noise: 6, aside: 6, turn: 3 })
})

test('the panel is measured with the practice model alone', () => {
  expect(readOrder(['--panel', '--stimuli', '3']).panel).toBe(3)
  expect(readOrder([]).panel).toBeUndefined()
  expect(() => readOrder(['--panel', '--model', 'real'])).toThrow('--panel is for the practice model alone')
  expect(() => readOrder(['--panel', '--stimuli', 'many'])).toThrow('a whole number above 0 after --stimuli')
})

test(
  'an interruption on a real call: the agent yields, and answers',
  async () => {
    const all = await stimuli(1)
    const [question] = all.filter(({ kind }) => kind === 'turn')
    if (!question) throw new TypeError('expected a turn')
    await rehearse()
    const interruptions = all.filter(({ kind }) => kind === 'interruption')
    const call = await playPanelCall({ stimuli: interruptions, question, settings: {} })
    const [asked, interrupted] = outcomesOf(call)
    expect(asked).toMatchObject({ kind: 'turn', isAnswered: true, isTalkedOver: false })
    expect(interrupted).toMatchObject({ kind: 'interruption', isAnswered: true, hasYielded: true })
    expect(interrupted?.serverMs).toBeGreaterThanOrEqual(0)
  },
  CALL_LIMIT_MS
)
