import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as cues from '../src/agent/cues.ts'
import { Environment, loadConfig } from '../src/config.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const readme = read('README.md')
const inDepth = globSync('docs/*.md', { cwd: root }).sort()
const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...inDepth].map(
  (path) => [path, read(path)] as const
)

/** The rows of the settings table: name, and what stands under "default". */
const table = new Map(
  [...allSettings().matchAll(/^\| `(\w+)` \| (.+?) \| .+ \|$/gm)].map(([, name = '', shown = '']) => [name, shown])
)
/** Name and value of every line, those that are commented out included. */
const example = new Map(
  [...read('.env.example').matchAll(/^(?:# )?([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value])
)
/** The tunnel's, not the server's. */
const FOREIGN = 'NGROK_AUTHTOKEN'
/** Read by the SDK itself. */
const THE_SDKS = /^OPENAI_AGENTS_/
/** What is done when these are left out depends on both; see below. */
const OPENINGS = ['GREETING', 'ANSWER_SAY']

const settings = Object.keys(Environment.shape)
/** The defaults as one would write them into the environment; undefined where there is none. */
const defaults = Object.entries(Environment.parse({ OPENAI_API_KEY: 'sk-test' })).map(
  ([name, value]) => [name, value instanceof Map ? undefined : String(value)] as const
)
const written = new Map(defaults.filter(([name]) => name !== 'OPENAI_API_KEY'))

function allSettings(): string {
  return section('All settings', read('docs/settings.md'))
}

function section(title: string, text = readme): string {
  const start = text.indexOf(`\n## ${title}\n`)
  expect(start, `a section "${title}"`).toBeGreaterThan(0)
  const end = text.indexOf('\n## ', start + 1)
  return text.slice(start, end === -1 ? undefined : end)
}

/** Where the links of a document lead, as paths from the root, each with its section; `''` is the document's top. */
function linksOf(document: string, text: string): { path: string; section: string }[] {
  const targets = [...text.matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)]
  return targets.map(([, path = '', section = '']) => ({
    path: path === '' ? document : normalize(join(dirname(document), path)),
    section
  }))
}

/** The names under which GitHub links the sections of a document. */
function sectionsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-')
  )
}

/** What stands in the first column of the tables of a section, as code. */
function firstColumn(text: string, title: string): string[] {
  const [, after = ''] = text.split(`\n## ${title}\n`)
  const rows = [...(after.split('\n## ')[0] ?? '').matchAll(/^\| (`.+?) \|/gm)]
  return rows.flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))
}

describe('the README', () => {
  test('has at most 170 lines: what is in depth stands in docs', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(170)
  })

  test('links every page of docs', () => {
    expect(inDepth.length).toBeGreaterThan(0)
    const linked = linksOf('README.md', readme).map(({ path }) => path)
    expect(inDepth.filter((path) => !linked.includes(path))).toEqual([])
  })
})

describe('the settings', () => {
  test('docs/settings.md has every one in its table, and no other', () => {
    expect([...table.keys()].sort()).toEqual([...settings].sort())
  })

  test('.env.example has every one, the authtoken of the tunnel, and no other', () => {
    expect([...example.keys()].sort()).toEqual([...settings, FOREIGN].sort())
  })

  test.each(settings.filter((name) => !OPENINGS.includes(name)))('%s is shown with its default', (name) => {
    const value = written.get(name)
    const none = name === 'OPENAI_API_KEY' ? 'required' : 'none'
    expect(table.get(name)).toBe(value === undefined ? none : `\`${value}\``)
    expect(example.get(name)).toBe(value ?? '')
  })

  test('the openings are what the table says they are', () => {
    const left = loadConfig({ OPENAI_API_KEY: 'sk-test' }).call
    expect(left.greeting).toBe(cues.defaultGreeting)
    expect(table.get('GREETING')).toBe('a sentence in English')
    expect(left.say).toBe('')
    expect(table.get('ANSWER_SAY')).toBe('none')
    const { say } = loadConfig({ OPENAI_API_KEY: 'sk-test', GREETING: '' }).call
    expect(allSettings()).toContain(`With \`GREETING\` empty: \`${say}\``)
  })

  test('a copy of .env.example lacks only what it asks for', () => {
    const copied = [...read('.env.example').matchAll(/^([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value])
    expect(copied).toEqual([
      ['OPENAI_API_KEY', ''],
      ['TWILIO_AUTH_TOKEN', ''],
      [FOREIGN, '']
    ])
  })

  test('the environment is read in one file', () => {
    const files = globSync('src/**/*.ts', { cwd: root })
    expect(files.length).toBeGreaterThan(20)
    expect(files.filter((path) => read(path).includes('process.env'))).toEqual([join('src', 'config.ts')])
  })
})

test('every setting is explained in docs/settings.md', () => {
  const explained = read('docs/settings.md')
  expect(settings.filter((name) => !explained.includes(`\`${name}\`:`) && !OPENINGS.includes(name))).toEqual([])
  for (const name of OPENINGS) expect(explained).toContain(`\`${name}\``)
})

describe.each(documents)('%s', (document, text) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

  test('names only scripts that exist', () => {
    const named = [...text.matchAll(/npm (?:run (?:--\S+ )*([\w:-]+)|(test|start)\b)/g)].map(
      ([, run, own]) => run ?? own
    )
    expect(named.filter((name) => !(name && name in scripts))).toEqual([])
  })

  test('names only files that exist', () => {
    const inCode = [...text.matchAll(/`((?:src|simulator|test|bench|docs|\.ci)\/[\w./-]*)`/g)].map(
      ([, path = '']) => path
    )
    const linked = linksOf(document, text).map(({ path }) => path)
    // What stands in src/agent/ is the reader's to replace, and test/agent/ looks after it.
    const named = [...inCode, ...linked].filter((path) => !path.startsWith('src/agent/'))
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('links only sections that exist', () => {
    const linked = linksOf(document, text).filter(({ section }) => section !== '')
    expect(linked.filter(({ path, section }) => !sectionsOf(read(path)).includes(section))).toEqual([])
  })

  test('names only settings that exist', () => {
    const named = [...text.matchAll(/`([A-Z]+(?:_[A-Z]+)+)[=`]/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !settings.includes(name) && name !== FOREIGN && !THE_SDKS.test(name))).toEqual([])
  })
})

test('the reading order leads from the server to the agent', () => {
  const order = [...section('How a call runs').matchAll(/^\d+\. `([^`]+)`/gm)].map(([, path]) => path)
  expect(order.length).toBeGreaterThan(5)
  expect([order[0], order.at(-1)]).toEqual(['src/app.ts', 'src/agent/agent.ts'])
})

test('docs/operating.md explains every end reason, and no other', () => {
  const reasons = [...read('src/call/end-reason.ts').matchAll(/^ {2}\| '(\w+)'$/gm)].map(([, reason = '']) => reason)
  expect(reasons.length).toBeGreaterThan(10)
  expect(firstColumn(read('docs/operating.md'), 'End reasons').sort()).toEqual(reasons.sort())
})

test('docs/operating.md explains log messages that the server has', () => {
  const messages = firstColumn(read('docs/operating.md'), 'Lines that need a look')
  expect(messages.length).toBeGreaterThan(10)
  const code = globSync('src/**/*.ts', { cwd: root }).map(read).join('\n')
  expect(messages.filter((message) => !code.includes(`'${message}'`))).toEqual([])
})

test('CONTRIBUTING.md says of every folder of the server what goes there', () => {
  const named = firstColumn(read('CONTRIBUTING.md'), 'Where things go').filter((path) => path.startsWith('src/'))
  const folders = globSync('src/*/', { cwd: root }).map((path) => `${path.replace(/\/?$/, '')}/`)
  expect(folders.length).toBeGreaterThan(5)
  expect(named.sort()).toEqual(folders.sort())
})

test('the flags of npm run call are those that it knows', () => {
  const known = read('simulator/call/help.ts')
  const flags = new Set(
    [...section('Practise without a phone').matchAll(/(?<=[ `])--[a-z][\w-]*/g)].map(([flag]) => flag)
  )
  expect([...flags].filter((flag) => flag !== '--help' && !known.includes(`${flag} `))).toEqual([])
})

test('the container runs the server as `npm start` does', () => {
  const [, command = '[]'] = read('Dockerfile').match(/^CMD (\[.+\])$/m) ?? []
  expect(JSON.parse(command).join(' ')).toBe(JSON.parse(read('package.json')).scripts.start)
})
