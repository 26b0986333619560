import { describe, expect, test } from 'vitest'
import { measureAnswer } from '../../bench/measure-answer.ts'
import { climb } from '../../bench/measure-load.ts'
import { measurePair } from '../../bench/measure-pair.ts'
import { InvalidOptions, readOptions } from '../../bench/options.ts'
import { reportData, reportText } from '../../bench/report.ts'
import type { Results } from '../../bench/results.ts'
import { SERVERS } from '../../bench/server-process.ts'
import { soak } from '../../bench/soak.ts'

const SMALL = { ladder: [2], warmUpMs: 300, windowMs: 1_500, profile: false }

describe('the bench', () => {
  // One after the other, as the bench does it: what it must not do is break, fast or slow.
  test('measures every server, and ours loses nothing', { timeout: 90_000 }, async () => {
    const results: Results = { climbs: [], answers: [], pairs: [], failures: [] }
    for (const server of SERVERS) {
      const conditions = { server, mix: 'talking', compression: server === 'baseline' } as const
      results.climbs.push({ round: 1, ...conditions, ...(await climb(conditions, SMALL)) })
    }
    results.answers.push({ round: 1, server: 'ours', ...(await measureAnswer('ours', 2)) })

    const pair = { other: 'limit', mix: 'talking', compression: false, calls: 2 } as const
    const [window] = await measurePair(pair, { ...SMALL, windows: 1 })
    if (window) results.pairs.push({ round: 1, ...pair, ...window })

    for (const { rungs, hungUpOn } of results.climbs) {
      expect(hungUpOn).toBe(0)
      expect(rungs).toHaveLength(1)
      expect(rungs[0]).toMatchObject({ calls: 2, upP99: expect.any(Number), downP99: expect.any(Number) })
      expect(rungs[0]?.cpuMs).toBeGreaterThan(0)
      expect(rungs[0]?.rssBytes).toBeGreaterThan(0)
    }
    const [ours] = results.climbs
    expect(ours).toMatchObject({ server: 'ours', lostMs: 0, disordered: 0 })
    expect(results.answers[0]).toMatchObject({ lostMs: 0, mute: 0 })

    expect(results.pairs[0]?.ratio).toBeCloseTo((results.pairs[0]?.oursMs ?? 0) / (results.pairs[0]?.otherMs ?? 0))
    expect(results.pairs[0]?.otherMs).toBeGreaterThan(0)

    const text = reportText(results)
    expect(text).toContain('| limit, 2 calls, talking agent, compression off |')
    for (const server of SERVERS) expect(text).toContain(`| ${server}`)
    expect(text).toContain('ours : limit')
    expect(JSON.parse(JSON.stringify(reportData(results)))).toHaveProperty('comparisons')
  })
})

test('a long run has callers who come and go, and loses none', { timeout: 60_000 }, async () => {
  const { callers, samples, hungUpOn } = await soak('ours', 2, { minutes: 0.05, staySeconds: 2 }, () => {})
  expect(callers).toBeGreaterThanOrEqual(6)
  expect(hungUpOn).toBe(0)
  expect(samples.at(-1)).toMatchObject({ minutes: 0.05, heapBytes: expect.any(Number) })
})

describe('its command line', () => {
  test.each([
    ['--calls', 'ten'],
    ['--calls', '0'],
    ['--seconds', '-1'],
    ['--rounds', '1.5'],
    ['--servers', 'ours,theirs'],
    ['--compression', 'maybe'],
    ['--mix', 'loud'],
    ['--fast', ''],
    ['--stay', '0'],
    ['--trial', 'storms'],
    ['--quick', '--growth']
  ])('refuses %s %s in one sentence', (...args) => {
    expect(() => readOptions(args.filter((arg) => arg !== ''))).toThrow(InvalidOptions)
  })

  test('takes lists in any order', () => {
    expect(readOptions(['--calls', '100,10', '--servers', 'limit,ours', '--compression', 'off'])).toMatchObject({
      servers: ['ours', 'limit'],
      trials: [
        { mix: 'idle', compression: false, calls: [10, 100] },
        { mix: 'talking', compression: false, calls: [10, 100] }
      ]
    })
  })
})
