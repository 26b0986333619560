import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CallClock } from '../../simulator/telephone/clock.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('what is due runs once, in the order it is due, and what is cancelled never runs', () => {
  const plan = fc.array(fc.record({ dueMs: fc.integer({ min: 0, max: 300 }), cancelled: fc.boolean() }))
  fc.assert(
    fc.property(plan, (entries) => {
      const clock = new CallClock(1)
      const ran: number[] = []
      const cancels = entries.map(({ dueMs }, index) => clock.at(dueMs, () => ran.push(index)))
      for (const [index, { cancelled }] of entries.entries()) if (cancelled) cancels[index]?.()
      vi.advanceTimersByTime(400)
      const expected = [...entries.entries()].filter(([, { cancelled }]) => !cancelled)
      expected.sort(([, one], [, other]) => one.dueMs - other.dueMs)
      expect(ran).toEqual(expected.map(([index]) => index))
      expect(vi.getTimerCount()).toBe(0)
    })
  )
})

test('nothing runs before its time', () => {
  const clock = new CallClock(2)
  let ranAtMs = -1
  clock.at(100, () => {
    ranAtMs = clock.nowMs
  })
  vi.advanceTimersByTime(49)
  expect(ranAtMs).toBe(-1)
  vi.advanceTimersByTime(2)
  expect(ranAtMs).toBeGreaterThanOrEqual(100)
})

test('nothing is left to keep the process alive when all of it was cancelled', () => {
  const clock = new CallClock(1)
  const cancels = [clock.at(50, () => {}), clock.at(5_000, () => {})]
  for (const cancel of cancels) cancel()
  expect(vi.getTimerCount()).toBe(0)
})

test('one that fails does not stop the others', () => {
  const clock = new CallClock(1)
  const ran: string[] = []
  clock.at(10, () => {
    throw new Error('a broken call')
  })
  clock.at(10, () => ran.push('another call'))
  expect(() => vi.advanceTimersByTime(20)).toThrow('a broken call')
  vi.advanceTimersByTime(20)
  expect(ran).toEqual(['another call'])
})
