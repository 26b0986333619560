import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Missed } from '../../src/call/admission.ts'
import type { EndReason } from '../../src/call/end-reason.ts'
import { MemoryLines } from '../../src/switchboard/lines.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const claimsOf = (callSid: string) => ({ callSid, direction: 'inbound', parameters: {} })
const transfer = { target: 'billing', summary: '' }

/** Lines with what a switchboard does to them, in a word each. */
function open(most = 10) {
  const lines = new MemoryLines()
  return {
    lines,
    take: (callSid: string) => lines.take({ claims: claimsOf(callSid), memory: [], returnedFrom: undefined }, most),
    stream: (callSid: string) =>
      lines.change(callSid, { type: 'streamed', claims: claimsOf(callSid), stream: `stream of ${callSid}` }),
    end: (callSid: string, reason: EndReason) => {
      const stream = `stream of ${callSid}`
      lines.change(callSid, {
        type: 'ended',
        stream,
        reason,
        memory: [],
        transfer,
        before: undefined,
        at: Date.now()
      })
    },
    ask: (callSid: string) => lines.change(callSid, { type: 'asked', dial: undefined, isOver: false, at: Date.now() }),
    /** What a line is, the moment before some time has passed and then. */
    around: (callSid: string, ms: number) => {
      vi.advanceTimersByTime(ms - 1)
      const before = lines.find(callSid)?.name
      vi.advanceTimersByTime(1)
      return [before, lines.find(callSid)?.name]
    }
  }
}

test('a line whose stream does not open in a minute is free again', () => {
  const { lines, take, around } = open(1)
  expect(take('CA1')).toBe(true)
  expect(around('CA1', 60_000)).toEqual(['answered', undefined])
  expect(lines.taken).toBe(0)
  expect(take('CA2')).toBe(true)
})

test('a line whose stream is open is kept for as long as it is', () => {
  const { lines, take, stream } = open()
  take('CA1')
  stream('CA1')
  vi.advanceTimersByTime(24 * 3_600_000)
  expect(lines.find('CA1')?.name).toBe('streaming')
  expect(vi.getTimerCount()).toBe(0)
})

test('a line about which Twilio does not ask is let go of after ten seconds', () => {
  const { lines, take, stream, end, around } = open()
  take('CA1')
  stream('CA1')
  end('CA1', 'agent_hung_up')
  expect(lines.areAnyExpected).toBe(true)
  expect(around('CA1', 10_000)).toEqual(['ended', undefined])
  expect(lines.areAnyExpected).toBe(false)
})

test('a caller who is put through is waited for while it rings, and known until Twilio would have ended the call', () => {
  const { lines, take, stream, end, ask, around } = open()
  take('CA1')
  stream('CA1')
  end('CA1', 'transferred')
  ask('CA1')
  expect(lines.areAnyExpected).toBe(true)
  expect(around('CA1', 35_000)).toEqual(['dialling', 'talking'])
  expect(lines.areAnyExpected).toBe(false)
  expect(around('CA1', 4 * 3_600_000 + 60_000)).toEqual(['talking', undefined])
})

test('callers on their way and with the agent count against the limit, those with a person do not', () => {
  const { lines, take, stream, end, ask } = open(2)
  take('CA1')
  stream('CA1')
  expect(take('CA2')).toBe(true)
  expect(lines.taken).toBe(2)
  expect(take('CA3')).toBe(false)
  expect(lines.find('CA3')).toBeUndefined()
  end('CA1', 'transferred')
  ask('CA1')
  expect(lines.taken).toBe(1)
  expect(take('CA3')).toBe(true)
})

test('a change is told of once it happens, a time-out too, and an event that changes nothing is not', async () => {
  const { lines, take, end } = open()
  let changes = 0
  const count = () => void lines.changed().then(() => ++changes)
  count()
  take('CA1')
  await vi.advanceTimersByTimeAsync(0)
  expect(changes).toBe(1)
  count()
  end('CA1', 'drained')
  take('CA1')
  await vi.advanceTimersByTimeAsync(59_999)
  expect(changes).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(changes).toBe(2)
})

test('a call whose stream never came is told of once, when that is certain, and one that had a stream is not', async () => {
  const missed: Missed[] = []
  const lines = new MemoryLines((call) => missed.push(call))
  const take = (callSid: string) => lines.take({ claims: claimsOf(callSid), memory: [], returnedFrom: undefined }, 9)
  const startedAt = Date.now()
  for (const callSid of ['left', 'waits', 'streams']) take(callSid)
  lines.change('streams', { type: 'streamed', claims: claimsOf('streams'), stream: 'mine' })
  lines.change('left', { type: 'asked', dial: undefined, isOver: true, at: startedAt })
  lines.change('left', { type: 'asked', dial: undefined, isOver: true, at: startedAt })
  await vi.advanceTimersByTimeAsync(60_000)
  take('at the end')
  lines.close()
  expect(missed).toMatchObject([
    { claims: { callSid: 'left' }, startedAt, endedAt: startedAt, endReason: 'caller_left_early' },
    { claims: { callSid: 'waits' }, startedAt, endedAt: startedAt + 60_000, endReason: 'caller_left_early' },
    { claims: { callSid: 'at the end' }, endReason: 'drained' }
  ])
})

test('closed, it has no line and no timer left', () => {
  const { lines, take } = open()
  take('CA1')
  take('CA2')
  lines.close()
  expect([lines.taken, lines.areAnyExpected, vi.getTimerCount()]).toEqual([0, false, 0])
})
