import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { InputGaps } from '../../src/realtime/input-gaps.ts'
import type { MediaFrame } from '../../src/twilio/frames.ts'
import { silence } from '../../src/wire/mulaw.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const frame = (timestampMs: number | undefined): MediaFrame => ({
  event: 'media',
  streamSid: 'MZ1',
  audio: silence(20),
  timestampMs
})

function line(isMulaw8k = true) {
  const filled: number[] = []
  const gaps = new InputGaps((audio) => {
    const bytes = Buffer.from(audio.toString(), 'base64')
    expect(bytes.every((byte) => byte === 0xff)).toBe(true)
    filled.push(bytes.length / 8)
  })
  gaps.reset(isMulaw8k)
  return { gaps, filled, hear: (...at: (number | undefined)[]) => at.forEach((ms) => void gaps.before(frame(ms))) }
}

describe('what the network lost is filled with silence', () => {
  const table: [string, (number | undefined)[], number[]][] = [
    ['nothing when nothing is missing', [155, 175, 195], []],
    ['as much as is missing', [100, 120, 500], [360]],
    ['each gap by itself', [0, 40, 100], [20, 40]],
    ['ten seconds at most', [0, 60_000], [10_000]],
    ['nothing before the first frame', [5_000], []],
    ['nothing for frames out of order', [100, 80, 100], []],
    ['nothing where a timestamp cannot be read', [100, undefined, 500], []]
  ]
  test.each(table)('%s', (_what, timestamps, expected) => {
    const { filled, hear } = line()
    hear(...timestamps)
    expect(filled).toEqual(expected)
  })

  test('but not on a line whose milliseconds cannot be told from its bytes', () => {
    const { filled, hear } = line(false)
    hear(0, 1_000)
    expect(filled).toEqual([])
  })
})

describe('a caller whose frames stop coming', () => {
  test('in mid-sentence gets a second of silence, so that the sentence ends', () => {
    const { gaps, filled, hear } = line()
    hear(0)
    gaps.speechStarted()
    vi.advanceTimersByTime(749)
    expect(filled).toEqual([])
    vi.advanceTimersByTime(1)
    expect(filled).toEqual([1_000])
    vi.advanceTimersByTime(10_000)
    expect(filled).toEqual([1_000])
  })

  test('is not filled up a second time when they come again', () => {
    const { gaps, filled, hear } = line()
    hear(0)
    gaps.speechStarted()
    vi.advanceTimersByTime(750)
    hear(1_500, 1_520)
    expect(filled).toEqual([1_000])
  })

  test('gets none while they are silent', () => {
    const { gaps, filled, hear } = line()
    hear(0)
    gaps.speechStarted()
    gaps.speechStopped()
    vi.advanceTimersByTime(10_000)
    expect(filled).toEqual([])
  })

  test('gets none as long as frames come', () => {
    const { gaps, filled, hear } = line()
    gaps.speechStarted()
    for (let ms = 0; ms < 5_000; ms += 20) {
      hear(ms)
      vi.advanceTimersByTime(20)
    }
    expect(filled).toEqual([])
  })
})
