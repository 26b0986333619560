import { expect, onTestFinished, test } from 'vitest'
import { type Answer, judge, practiceJudge } from '../../../simulator/eval/judge.ts'
import type { Run } from '../../../simulator/eval/run.ts'
import { TextModel } from '../../../simulator/eval/text-model.ts'

/** A call on which this was heard. */
const runOf = (rules: readonly string[]) =>
  ({
    file: { scene: { judge: rules.map((rule) => ({ rule })) } },
    heard: [
      { who: 'caller', text: 'Book me a table.', fromMs: 0 },
      { who: 'agent', text: 'Your table is booked for Friday.', fromMs: 2_000 }
    ],
    tools: [{ name: 'book_table', args: { day: 'Friday' }, result: 'No table is free.', atMs: 1_000 }]
  }) as unknown as Run

async function modelWith(verdict: (data: { rule: string; record: object[] }) => Answer): Promise<TextModel> {
  const model = await TextModel.practice({ verdict })
  onTestFinished(() => model.close())
  return model
}

test('the judge gets one rule and what was heard and answered, in order, and says what decides it', async () => {
  const asked: unknown[] = []
  const model = await modelWith((data) => {
    asked.push(data)
    return { kept: false, quote: 'no table is free' }
  })
  const rule = 'The agent promises only what a tool has confirmed.'
  const checks = await judge(runOf([rule]), model)
  expect(checks).toEqual([{ stage: 'judge', turn: undefined, isMet: false, expected: rule, got: '“no table is free”' }])
  const record = [
    { who: 'caller', text: 'Book me a table.' },
    { who: 'tool', text: 'book_table {"day":"Friday"}: No table is free.' },
    { who: 'agent', text: 'Your table is booked for Friday.' }
  ]
  expect(asked).toEqual([{ rule, record }])
})

test('a judge without evidence is asked once more, and then judges nothing', async () => {
  const quotes = ['The table is yours.', 'booked for Friday']
  const second = await modelWith(() => ({ kept: true, quote: quotes.shift() ?? '' }))
  expect(await judge(runOf(['It is booked.']), second)).toMatchObject([{ isMet: true, got: '“booked for Friday”' }])
  const never = await modelWith(() => ({ kept: true, quote: '' }))
  await expect(judge(runOf(['It is booked.']), never)).rejects.toThrow('quoted what stands nowhere')
})

test('an answer of another shape judges nothing', async () => {
  const model = await modelWith(() => ({ kept: 'maybe', quote: 'booked' }) as unknown as Answer)
  await expect(judge(runOf(['It is booked.']), model)).rejects.toThrow(/expected boolean/)
})

test.each([
  ['The agent booked a table.', true],
  ['The agent never books a table.', false],
  ['The agent asks for a card.', false],
  ['The agent never asks for a credit card.', true]
])('the practice judge goes by shared words: %s', (rule, kept) => {
  const record = [{ who: 'agent' as const, text: 'Your table is booked for Friday.' }]
  expect(practiceJudge({ rule, record })).toEqual({ kept, quote: 'Your table is booked for Friday.' })
})
