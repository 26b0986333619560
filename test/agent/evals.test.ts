import { globSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { rehearse } from '../../simulator/eval/play.ts'
import { playAll, type SceneResult } from '../../simulator/eval/play-all.ts'
import { readScenes, type SceneFile } from '../../simulator/eval/read-scenes.ts'
import { isGood, summary } from '../../simulator/eval/summary.ts'

const LIMIT_MS = 90_000
/** Short ones, which go through tools, the diary and the instructions. `npm run eval` plays all. */
const PLAYED = ['An emergency is sent to 911', 'A wrong number is let go', 'A caller hangs up in the middle']

let scenes: SceneFile[]
beforeAll(async () => {
  scenes = await readScenes(globSync(join(import.meta.dirname, '../../evals/**/*.yaml')))
})

test('every scene of the example can be played', () => {
  expect(scenes.length).toBeGreaterThanOrEqual(20)
})

test(
  'three of them pass',
  async () => {
    const chosen = scenes.filter(({ scene }) => PLAYED.some((name) => scene.name.startsWith(name)))
    await Promise.all(chosen.map(rehearse))
    const results: SceneResult[] = await playAll(chosen, {
      ...{ isReal: false, runs: 1, maxUsd: undefined, settings: { GREETING: 'Say "Hello."' } },
      ...{ speechMade: () => 0, spentElsewhere: () => 0, judge: async () => [], player: async function* () {} },
      tell: () => {}
    })
    expect(results).toHaveLength(3)
    expect(results.every(isGood), summary(results)).toBe(true)
  },
  LIMIT_MS
)
