import { readFile, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { BadUsage } from '../../src/commands/with-store.ts'
import { isScored, type SceneResult } from './play-all.ts'
import { tallyOf } from './summary.ts'

const Counts = z.object({ passed: z.int(), scored: z.int() })

/** The figures of an earlier time. */
const Baseline = z.object({
  at: z.string(),
  model: z.string(),
  all: Counts,
  scenes: z.record(z.string(), Counts.extend({ delaysMs: z.array(z.number()) }))
})

export type Baseline = z.infer<typeof Baseline>

/** @throws BadUsage for a file that is none */
export async function readBaseline(file: string): Promise<Baseline> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new BadUsage(`There is no file ${file}: write one with --save.`)
  })
  try {
    return Baseline.parse(JSON.parse(text))
  } catch {
    throw new BadUsage(`${file} is not what --save has written.`)
  }
}

export async function saveBaseline(file: string, results: readonly SceneResult[], model: string): Promise<void> {
  const scenes = Object.fromEntries(
    results.map(({ file: { scene }, plays }) => {
      const { passed, scored } = tallyOf(plays)
      const delaysMs = plays.filter(isScored).flatMap(({ verdict }) => verdict.delaysMs)
      return [scene.name, { passed, scored, delaysMs }]
    })
  )
  const sum = (name: 'passed' | 'scored') => Object.values(scenes).reduce((all, scene) => all + scene[name], 0)
  const all = { passed: sum('passed'), scored: sum('scored') }
  await writeFile(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), model, all, scenes } satisfies Baseline, null, 2)}\n`
  )
}
