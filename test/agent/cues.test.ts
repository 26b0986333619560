import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { expect, test } from 'vitest'
import * as cues from '../../src/agent/cues.ts'

const root = join(import.meta.dirname, '..', '..')
/** Every file of the server's, without its comments. */
const sources = globSync('src/**/*.ts', { cwd: root }).map((path) => {
  const text = readFileSync(join(root, path), 'utf8')
  return { path, code: text.replace(/^\s*\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '') }
})
// What a command prints is read by the person who typed it, as are the doctor's findings, the console and the metrics.
const FOR_OTHERS = ['agent', 'commands', 'console', 'doctor', 'metrics']
const elsewhere = sources.filter(({ path }) => !FOR_OTHERS.some((folder) => path.startsWith(join('src', folder) + sep)))

const found = (pattern: RegExp) =>
  elsewhere.flatMap(({ path, code }) => [...code.matchAll(pattern)].map(([text]) => `${path}: ${text}`))

test('the agent and Twilio are given no sentence that is written outside src/agent/', () => {
  expect(elsewhere.length).toBeGreaterThan(30)
  // `#tell` is a private method that passes events on.
  expect(found(/(?<!#)\b(?:(?:tellAgent|askToSpeak|tell|ask|note)\(|say:)\s*['"`](?!['"`]).*/g)).toEqual([])
})

test('nor is one kept there in a constant', () => {
  // A capital, and words after it. Log messages and errors begin with a small letter.
  expect(found(/(?<=['"`](?:\$\{[^}]*\} ?)?\(?)[A-Z][A-Za-z.,]*(?: (?:[a-z]+|\$\{[^}]*\})){2}.*/g)).toEqual([])
})

test('the agent imports nothing of the server', () => {
  const imports = sources
    .filter(({ path }) => path.startsWith(join('src', 'agent') + sep))
    .flatMap(({ path, code }) => [...code.matchAll(/from '(\.[^']+)'/g)].map(([, to = '']) => join(path, '..', to)))
  expect(imports).not.toEqual([])
  expect(imports.filter((path) => !path.startsWith(join('src', 'agent') + sep))).toEqual([])
})

test.each(Object.keys(cues))('%s is used', (name) => {
  expect(sources.filter(({ code }) => new RegExp(`\\bcues\\.${name}\\b`).test(code))).not.toEqual([])
})
