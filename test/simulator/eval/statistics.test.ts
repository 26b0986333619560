import { expect, test } from 'vitest'
import { changeOf, passAll, wilson } from '../../../simulator/eval/statistics.ts'

test.each([
  [8, 10, 0.49, 0.943],
  [0, 10, 0, 0.278],
  [1, 1, 0.207, 1],
  [0, 0, 0, 1]
])('of %d of %d runs the interval is Wilson’s', (passed, runs, from, to) => {
  const interval = wilson(passed, runs)
  expect(interval.from).toBeCloseTo(from, 3)
  expect(interval.to).toBeCloseTo(to, 3)
})

test('pass^k is the chance that k runs all pass', () => {
  expect(passAll(4, 5, 1)).toBeCloseTo(0.8)
  expect(passAll(4, 5, 2)).toBeCloseTo(0.6)
  expect(passAll(4, 5, 5)).toBe(0)
  expect(passAll(5, 5, 5)).toBe(1)
  expect(passAll(5, 5, 6)).toBeUndefined()
})

test('one run proves nothing, and many that differ do', () => {
  const of = (passed: number, scored: number) => ({ passed, scored })
  expect(changeOf(of(1, 1), of(0, 1))).toBe('not known')
  expect(changeOf(of(19, 20), of(8, 20))).toBe('worse')
  expect(changeOf(of(8, 20), of(19, 20))).toBe('better')
  expect(changeOf(of(18, 20), of(19, 20))).toBe('not known')
  expect(changeOf(of(0, 0), of(19, 20))).toBe('not known')
})
