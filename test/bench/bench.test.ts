import { describe, expect, test } from 'vitest'
import { measureAnswer } from '../../bench/measure-answer.ts'
import { climb } from '../../bench/measure-load.ts'
import { measurePair } from '../../bench/measure-pair.ts'
import { InvalidOptions, readOptions } from '../../bench/options.ts'
import { reportData, reportText } from '../../bench/report.ts'
import type { Results } from '../../bench/results.ts'
import { SERVERS, type ServerName } from '../../bench/server-process.ts'
import { soak } from '../../bench/soak.ts'

const isTrial = process.env['TRIAL'] === 'servers'
const SMALL = { ladder: [2], warmUpMs: 300, windowMs: 1_500, profile: false }
/** A server starts in a process of its own: `npm test` starts ours, and the one that starts fastest beside it. */
const STARTED: readonly ServerName[] = isTrial ? SERVERS : ['ours', 'limit']

/** The server of what is measured with one alone. */
const ALONE = isTrial ? 'ours' : 'limit'

describe('the bench', () => {
  // One after the other, as the bench does it: what it must not do is break, fast or slow.
  test('measures every server, and ours loses nothing', { timeout: 90_000 }, async () => {
    const results: Results = { climbs: [], answers: [], pairs: [], failures: [] }
    for (const server of STARTED) {
      const conditions = { server, mix: 'talking', compression: server === 'baseline' } as const
      results.climbs.push({ round: 1, ...conditions, ...(await climb(conditions, SMALL)) })
    }
    results.answers.push({ round: 1, server: ALONE, ...(await measureAnswer(ALONE, 2)) })

    for (const { rungs, hungUpOn } of results.climbs) {
      expect(hungUpOn).toBe(0)
      expect(rungs).toHaveLength(1)
      expect(rungs[0]).toMatchObject({ calls: 2, upP99: expect.any(Number), downP99: expect.any(Number) })
      expect(rungs[0]?.cpuMs).toBeGreaterThan(0)
      expect(rungs[0]?.rssBytes).toBeGreaterThan(0)
    }
    const [ours] = results.climbs
    expect(ours).toMatchObject({ server: 'ours', lostMs: 0, disordered: 0 })
    expect(results.answers[0]).toMatchObject({ mute: 0, ...(ALONE === 'ours' ? { lostMs: 0 } : {}) })

    const text = reportText(results)
    for (const server of STARTED) expect(text).toContain(`| ${server}`)
    expect(text).toContain('ours : limit')
    expect(JSON.parse(JSON.stringify(reportData(results)))).toHaveProperty('comparisons')
  })

  test('compares ours with another at the same time', { timeout: 60_000 }, async () => {
    const pair = { other: 'limit', mix: 'talking', compression: false, calls: 2 } as const
    const [window] = await measurePair(pair, { ...SMALL, windows: 1 })
    const { oursMs = 0, otherMs = 0, ratio } = window ?? {}
    expect(otherMs).toBeGreaterThan(0)
    expect(ratio).toBeCloseTo(oursMs / otherMs)
    const pairs = window ? [{ round: 1, ...pair, ...window }] : []
    const text = reportText({ climbs: [], answers: [], pairs, failures: [] })
    expect(text).toContain('| limit, 2 calls, talking agent, compression off |')
  })
})

test('a long run has callers who come and go, and loses none', { timeout: 60_000 }, async () => {
  const staySeconds = isTrial ? 2 : 1
  const minutes = staySeconds / 40
  const { callers, samples, hungUpOn } = await soak(ALONE, 2, { minutes, staySeconds }, () => {})
  expect(callers).toBeGreaterThanOrEqual(6)
  expect(hungUpOn).toBe(0)
  expect(samples.at(-1)).toMatchObject({ minutes, heapBytes: expect.any(Number) })
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
