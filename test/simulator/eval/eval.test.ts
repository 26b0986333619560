import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { XMLParser } from 'fast-xml-parser'
import { expect, test } from 'vitest'
import { evaluate } from '../../../simulator/eval/evaluate.ts'
import { readOrder } from '../../../simulator/eval/options.ts'
import { voiceFor } from '../../../simulator/sound/language.ts'
import { newFolder } from '../../stores.ts'
import { startScript } from '../script-process.ts'

const LIMIT_MS = 90_000

const KNOWS = `
name: Friday is known
tags: [hours]
caller: { voice: m2 }
turns:
  - say: When are you open on Friday, if I may ask?
    expect:
      within: 6000
      tools: [{ name: opening_times, args: { day: Friday } }]
      said: /17:00 to 22:30/
  - hangUp: true
ended: caller hung up
`
const WANTS_MORE = `
name: Friday is free
tags: [hours]
turns:
  - say: When are you open on Friday?
    expect:
      said: closed
      tools: []
`

/** An earlier time, at which one scene passed so often that its failing is no chance. */
const BEFORE = {
  ...{ at: '2026-11-01', model: 'practice', all: { passed: 51, scored: 51 } },
  scenes: {
    'Friday is known': { passed: 1, scored: 1, delaysMs: [] },
    'Friday is free': { passed: 50, scored: 50, delaysMs: [] }
  }
}

async function folderOf(scenes: Record<string, string>): Promise<string> {
  const folder = await newFolder()
  for (const [name, text] of Object.entries(scenes)) await writeFile(join(folder, name), text)
  return folder
}

/** Whether the sentence, in the voice of KNOWS, is in the folder of spoken sentences. */
function isSpeechKept(text: string): boolean {
  const name = createHash('sha256')
    .update(`${voiceFor(text)}+m2\n175\n${text}`)
    .digest('hex')
  return existsSync(join(import.meta.dirname, '../../../node_modules/.cache/speech', `${name}.ulaw`))
}

/** `npm run eval`, with the pizzeria's agent. */
async function evalScript(args: string[]) {
  const script = startScript('simulator/eval.ts', args)
  const code = await script.ended
  return { code, out: script.lines.all.join('\n') }
}

test(
  'scenes are played against the agent: one passes, one fails and says why, in every report',
  async () => {
    const folder = await folderOf({ 'knows.yaml': KNOWS, 'wants.yaml': WANTS_MORE })
    const [junit, saved, html] = ['junit.xml', 'saved.json', 'page.html'].map((name) => join(folder, name)) as [
      ...[string, string, string]
    ]
    const baseline = join(folder, 'before.json')
    await writeFile(baseline, JSON.stringify(BEFORE))
    const reports = ['--junit', junit, '--save', saved, '--html', html, '--baseline', baseline]
    const { code, out } = await evalScript([folder, ...reports])
    expect(code, out).toBe(1)
    expect(out).toMatch(/^\| ✓ \| Friday is known \| 1 of 1 \| \d\.\d\d s/m)
    expect(out).toContain('| ✗ | Friday is free | 0 of 1')
    expect(out).toMatch(/^- turn 1, tools: expected no tool; opening_times \{"day":"Friday"\}$/m)
    expect(out).toMatch(/^- turn 1, words: expected said: closed; heard: "On Friday the oven is hot from 17:00/m)
    expect(out).toContain('1 of 2 scenes passed; of 2 runs 1, (9 % to 91 %).')
    const { testsuite } = new XMLParser({ ignoreAttributes: false }).parse(await readFile(junit, 'utf8'))
    expect(testsuite).toMatchObject({ '@_tests': '2', '@_failures': '1', '@_errors': '0' })
    expect(testsuite.testcase[1].failure['@_message']).toContain('expected no tool')
    expect(out).toMatch(/Friday is known .* \| not known \|$/m)
    expect(out).toMatch(/Friday is free .* \| worse \|$/m)
    const page = await readFile(html, 'utf8')
    expect(page).toContain('On Friday the oven is hot from 17:00 to 22:30')
    expect(page.match(/<audio [^>]*src="data:audio\/wav;base64,UklG/g)).toHaveLength(2)
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/)
    const { scenes } = JSON.parse(await readFile(saved, 'utf8'))
    expect(scenes['Friday is known']).toEqual({ passed: 1, scored: 1, delaysMs: [expect.any(Number)] })
    // These may be a caller's words, and erasing does not look there.
    expect(isSpeechKept('When are you open on Friday, if I may ask?')).toBe(false)
  },
  LIMIT_MS
)

test.each([
  ['a scene that is bad', ['bad.yaml'], /bad.yaml:1: there is no "nme" here/],
  ['an option that is none', ['--rnus', '3'], /Unknown option '--rnus'\. See npm run eval -- --help\./],
  ['runs that are none', ['--runs', '0'], /Expected a whole number from 1 to 100 after --runs, got "0"\./],
  ['a tag that no scene has', ['good.yaml', 'tag:none'], /No scene has the tag none. There is: hours\./],
  ['a baseline that is not there', ['good.yaml', '--baseline', 'none.json'], /There is no file none.json/]
])('%s is told in a sentence, before any call', async (_what, args, says) => {
  const folder = await folderOf({ 'bad.yaml': 'nme: A\n', 'good.yaml': KNOWS })
  const evaluated = async () => evaluate(readOrder(args.map((arg) => (/yaml$/.test(arg) ? join(folder, arg) : arg))))
  await expect(evaluated()).rejects.toThrow(says)
})

test('what was typed wrong ends with 2', async () => {
  const { code, out } = await evalScript(['--model', 'real'])
  expect(out).toContain('--model real needs OPENAI_API_KEY')
  expect(code).toBe(2)
})
