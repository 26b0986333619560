import { join, resolve } from 'node:path'
import { print, seconds } from '../../src/commands/print.ts'
import { BadUsage } from '../../src/commands/with-store.ts'
import { environment } from '../../src/config.ts'
import { renderWith } from '../sound/speech.ts'
import { SpeechStore } from '../sound/speech-store.ts'
import { readBaseline, saveBaseline } from './baseline.ts'
import { writeHtml } from './html.ts'
import { judge, practiceJudge } from './judge.ts'
import { writeJunit } from './junit.ts'
import { type Order, sceneFiles } from './options.ts'
import { playPersona, practicePersona } from './persona.ts'
import { rehearse } from './play.ts'
import { type Played, playAll, spentOn } from './play-all.ts'
import { readScenes, type SceneFile } from './read-scenes.ts'
import { inWords, isGood, summary } from './summary.ts'
import { TextModel } from './text-model.ts'

const root = join(import.meta.dirname, '../..')
const SCENES = join(root, 'evals')
const SPEECH = join(root, 'node_modules/.cache/speech')

/** Plays the scenes that were asked for and reports. @returns whether all of them passed */
export async function evaluate(order: Order): Promise<boolean> {
  const files = await chosen(order)
  const baseline = order.baseline === undefined ? undefined : await readBaseline(order.baseline)
  if (order.isReal && !environment['OPENAI_API_KEY']) throw new BadUsage('--model real needs OPENAI_API_KEY.')
  const speech = new SpeechStore(files.every(isOurs) ? SPEECH : undefined)
  renderWith(speech.render)
  await Promise.all(files.map(rehearse))
  const text = await textModel(order)
  const startedAt = performance.now()
  const results = await playAll(files, {
    ...{ isReal: order.isReal, runs: order.runs, maxUsd: order.maxUsd, speechMade: () => speech.made, tell },
    judge: (run) => judge(run, text),
    player: (scene, call) => playPersona(scene, call, text),
    spentElsewhere: () => text.spentUsd
  }).finally(() => text.close())
  print(`\n${summary(results, baseline)}`)
  const usd = spentOn(results.map(({ plays }) => plays)) + text.spentUsd
  print(`\nPlayed in ${seconds(performance.now() - startedAt)}${order.isReal ? `, for $${usd.toFixed(2)}` : ''}.`)
  if (order.junit) await writeJunit(order.junit, results)
  if (order.html) await writeHtml(order.html, results)
  if (order.save) await saveBaseline(order.save, results, order.isReal ? 'real' : 'practice')
  return results.every(isGood)
}

/** A scene from elsewhere may be a call's: erasing the call deletes the scene, and could not find its words' sound here. */
const isOurs = ({ folder }: SceneFile): boolean => resolve(folder) === SCENES

/** With the real model a real one judges; with the practice model nothing leaves this machine. */
async function textModel({ isReal }: Order): Promise<TextModel> {
  return isReal ? TextModel.real() : TextModel.practice({ verdict: practiceJudge, caller: practicePersona })
}

/** @throws BadUsage where there is none */
async function chosen({ files, tags }: Order): Promise<SceneFile[]> {
  const scenes = await readScenes(sceneFiles(files, SCENES))
  const tagged = scenes.filter(({ scene }) => tags.length === 0 || tags.some((tag) => scene.tags.includes(tag)))
  if (tagged.length > 0) return tagged
  const known = [...new Set(scenes.flatMap(({ scene }) => scene.tags))].sort().join(', ')
  throw new BadUsage(
    tags.length > 0 ? `No scene has the tag ${tags.join(' or ')}. There is: ${known}.` : 'There are no scenes.'
  )
}

function tell({ run, verdict }: Played): void {
  print(`${verdict.outcome.padEnd(7)}  ${run.file.scene.name}`)
  if (verdict.outcome === 'passed') return
  for (const reason of verdict.reasons) print(`         ${reason}`)
  for (const check of verdict.checks.filter(({ isMet }) => !isMet)) print(`         ${inWords(check)}`)
}
