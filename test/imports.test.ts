import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const files = globSync('src/**/*.ts', { cwd: root }).sort()

/** What each file imports: of ours as paths, of others as package names. Types count: they tie as tightly. */
const imports = new Map(
  files.map((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    const specifiers = [...text.matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'/gm)]
    return [file, specifiers.map(([, from, bare]) => from ?? bare ?? '')] as const
  })
)
const ours = (file: string) =>
  (imports.get(file) ?? []).filter((name) => name.startsWith('.')).map((name) => normalize(join(dirname(file), name)))

const folderOf = (file: string) => file.split('/')[1] ?? ''

/** What each folder may import of ours, beside itself. Everything else is a way up. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  agent: [],
  wire: [],
  call: ['agent', 'wire', 'config.ts'],
  twilio: ['agent', 'wire', 'config.ts', 'call'],
  realtime: ['agent', 'wire', 'config.ts', 'call'],
  switchboard: ['agent', 'config.ts', 'call'],
  store: ['config.ts', 'call'],
  records: ['agent', 'config.ts', 'phone-number.ts', 'call', 'store', 'wire'],
  metrics: ['agent', 'config.ts', 'call', 'store', 'records', 'switchboard'],
  webhooks: ['agent', 'config.ts', 'call', 'store', 'records', 'switchboard'],
  commands: [
    'agent',
    'config.ts',
    'dotenv.ts',
    'local.ts',
    'phone-number.ts',
    'call',
    'store',
    'records',
    'webhooks',
    'doctor'
  ],
  doctor: ['config.ts', 'call', 'store', 'twilio', 'realtime'],
  plugins: ['agent', 'config.ts', 'call', 'switchboard', 'twilio'],
  console: ['agent', 'config.ts', 'phone-number.ts', 'call', 'switchboard', 'store', 'records', 'plugins'],
  routes: ['agent', 'config.ts', 'call', 'switchboard', 'twilio', 'plugins']
}

describe('imports point down', () => {
  test.each(Object.entries(BELOW))('from %s', (folder, allowed) => {
    const own = files.filter((file) => folderOf(file) === folder)
    expect(own.length).toBeGreaterThan(0)
    const up = own.flatMap((file) =>
      ours(file)
        .filter((to) => folderOf(to) !== folder && !allowed.includes(folderOf(to)))
        .map((to) => `${file} -> ${to}`)
    )
    expect(up).toEqual([])
  })

  test('and never out of src', () => {
    const out = files.flatMap((file) => ours(file).filter((to) => !to.startsWith('src/')))
    expect(out).toEqual([])
  })
})

test('the call knows no model’s SDK, but for the types of the tools that it runs', () => {
  const knows = files.filter(
    (file) => folderOf(file) === 'call' && imports.get(file)?.some((name) => name.startsWith('@openai/'))
  )
  expect(knows).toEqual(['src/call/tool-runs.ts', 'src/call/tools.ts'])
})

test('no file imports itself by way of others', () => {
  const circles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) return void circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
    if (done.has(file)) return
    for (const to of ours(file)) visit(to, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  expect(circles).toEqual([])
})

test('nothing in the call names an event of the model’s protocol', () => {
  const named = files
    .filter((file) => folderOf(file) === 'call')
    .filter((file) =>
      /input_audio_buffer|response\.(created|done|output)|conversation\.item/.test(
        readFileSync(join(root, file), 'utf8')
      )
    )
  expect(named).toEqual([])
})
