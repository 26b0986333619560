import { writeFile } from 'node:fs/promises'
import type { Played, SceneResult } from './play-all.ts'
import { inWords, isGood, tallyOf } from './summary.ts'

/** Writes the results as CI servers read them: a test case for each scene. */
export async function writeJunit(file: string, results: readonly SceneResult[]): Promise<void> {
  const failures = results.filter((result) => !isGood(result) && tallyOf(result.plays).scored > 0).length
  const errors = results.filter(({ plays }) => tallyOf(plays).scored === 0).length
  const head = `<testsuite name="evals" tests="${results.length}" failures="${failures}" errors="${errors}">`
  await writeFile(
    file,
    `<?xml version="1.0" encoding="UTF-8"?>\n${head}\n${results.map(testCase).join('')}</testsuite>\n`
  )
}

function testCase(result: SceneResult): string {
  const { scene, file } = result.file
  const seconds = result.plays.reduce((ms, { run }) => ms + run.durationMs, 0) / 1_000
  const head = `  <testcase name="${escaped(scene.name)}" classname="${escaped(file)}" time="${seconds.toFixed(1)}">`
  const body = isGood(result) ? '' : `\n    ${trouble(result.plays)}\n  `
  return `${head}${body}</testcase>\n`
}

function trouble(plays: readonly Played[]): string {
  const failed = plays.find(({ verdict }) => verdict.outcome === 'failed')
  const tag = failed ? 'failure' : 'error'
  const { reasons = [], checks = [] } = (failed ?? plays.at(-1))?.verdict ?? {}
  const what = [...reasons, ...checks.filter(({ isMet }) => !isMet).map(inWords)]
  return `<${tag} message="${escaped(what[0] ?? 'it was not played')}">${escaped(what.join('\n'))}</${tag}>`
}

const escaped = (text: string): string =>
  text
    // What XML cannot have at all.
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
