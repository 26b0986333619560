import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { parseArgs } from 'node:util'

/** With what comes before and after, at most 20 s. */
const QUICK_MS = 19_000

/** The console's page is checked for a browser. */
const PAGE = ['-p', 'src/console/page']

const root = join(import.meta.dirname, '..')

// `npm run check`: formatting, lint, types and tests; with `--quick` only the tests of what was changed.

/** Files that are not as they were committed. */
function changedFiles(): string[] {
  const listed = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n')
  const changed = [...listed('diff', '--name-only', 'HEAD'), ...listed('ls-files', '--others', '--exclude-standard')]
  return changed.filter((file) => file !== '' && existsSync(join(root, file)))
}

/** `test/` mirrors `src/`; of the simulator and the bench all tests stand in one folder, of documents at the top. */
export function testsOf(file: string): string[] {
  if (file.endsWith('.test.ts')) return [file]
  const [top = '', next = ''] = file.split('/').slice(0, -1)
  const folder = top === 'src' ? next : ['simulator', 'bench'].includes(top) ? top : ''
  const name = basename(file, extname(file)).toLowerCase()
  return globSync(join('test', folder, '**', `${name}.test.ts`), { cwd: root })
}

/** Resolves to whether it went well. */
async function run(command: string, args: readonly string[], signal?: AbortSignal): Promise<boolean> {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
  // Vitest ends its workers itself.
  signal?.addEventListener('abort', () => child.kill('SIGTERM'), { once: true })
  const [code] = await once(child, 'exit')
  return code === 0
}

async function quick(): Promise<boolean> {
  const signal = AbortSignal.timeout(QUICK_MS)
  const tests = ['test/agent/', ...new Set(changedFiles().flatMap(testsOf))]
  const went = await Promise.all([
    run('biome', ['ci']),
    run('tsc', []),
    run('tsc', PAGE),
    run('vitest', ['run', ...tests], signal)
  ])
  if (signal.aborted) process.stderr.write(`Stopped after 20 s, with no end of: vitest run ${tests.join(' ')}\n`)
  return went.every(Boolean) && !signal.aborted
}

async function everything(): Promise<boolean> {
  for (const [command, args] of [
    ['biome', ['ci']],
    ['tsc', []],
    ['tsc', PAGE],
    ['vitest', ['run']]
  ] as const) {
    if (!(await run(command, args))) return false
  }
  return true
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
  process.exitCode = (await (values.quick ? quick() : everything())) ? 0 : 1
}
