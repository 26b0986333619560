import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

interface View {
  /** The script that shows it (`VIEWS` in `page/main.js`). */
  readonly script: string
  /** What the script asks the API first. */
  readonly asks: (url: URL) => string
}

/** The views by their path. */
const VIEWS: Readonly<Record<string, View>> = {
  '': { script: 'live.js', asks: () => '/api/calls?limit=8' },
  '/calls': { script: 'calls.js', asks: ({ search }) => `/api/calls${search}` },
  '/calls/:id': { script: 'call.js', asks: ({ pathname }) => pathname.replace('/console', '/api') },
  '/messages': { script: 'messages.js', asks: ({ search }) => `/api/items${search}` },
  '/numbers': {
    script: 'numbers.js',
    asks: ({ searchParams }) => `/api/stats?days=${Number(searchParams.get('days') ?? 30)}`
  },
  '/health': { script: 'health.js', asks: () => '/api/health' }
}

/** What the page's scripts import by name, and the file that this is in a browser. */
const LIBRARIES: Readonly<Record<string, string>> = {
  preact: 'preact',
  'preact/hooks': 'preact/hooks',
  htm: 'htm',
  '@preact/signals': '@preact/signals',
  '@preact/signals-core': '@preact/signals-core',
  uplot: 'uplot/dist/uPlot.esm.js',
  'uplot.css': 'uplot/dist/uPlot.min.css'
}

/** The styles of the page, in the order in which they count: what is narrow changes what stands before. */
const STYLES = [
  ...['styles/base.css', 'styles/tables.css', 'styles/live.css', 'styles/call.css', 'styles/transcript.css'],
  ...['styles/charts.css', 'styles/health.css', 'styles/narrow.css', 'telephone/telephone.css']
]

const YEAR_MS = 365 * 24 * 3_600_000
const root = join(import.meta.dirname, 'page')
/** Has the extension of a file that a browser loads, and not of one that only the type checker reads. */
const IS_SERVED = /\.(js|css|svg|wav)$/

/** The console's document, scripts and styles, from the folder `page` and from the packages, without a build. */
export async function consolePage(app: FastifyInstance): Promise<void> {
  const files = globSync('**/*', { cwd: root }).filter((file) => IS_SERVED.test(file))
  const prefix = `/console/page-${hashOf(files.map((file) => join(root, file)))}/`
  await serve(app, { root, prefix, isServed: (path) => IS_SERVED.test(path) })

  const urls: Record<string, string> = {}
  for (const [name, specifier] of Object.entries(LIBRARIES)) {
    const file = fileURLToPath(import.meta.resolve(specifier))
    const library = `/console/${name.replace(/\W+/g, '-')}-${hashOf([file])}/`
    await serve(app, { root: dirname(file), prefix: library, isServed: (path) => path === `/${basename(file)}` })
    urls[name] = library + basename(file)
  }

  const { 'uplot.css': chartStyles = '', ...imports } = urls
  const document = documentOf(prefix, chartStyles, imports)
  // Charts are loaded when they are needed.
  const libraries = Object.values(imports).filter((url) => url !== imports['uplot'])
  for (const [path, { script, asks }] of Object.entries(VIEWS)) {
    const modules = [...libraries, ...[...importsOf('main.js'), ...importsOf(script)].map((file) => prefix + file)]
    const preloads = [...new Set(modules)].map((url) => `<link rel="modulepreload" href="${url}">`).join('\n')
    app.get(`/console${path}`, (request, reply) => {
      const first = asks(new URL(request.url, 'http://here')).replaceAll('&', '&amp;')
      // A browser would find the scripts one after the other, each in the one that imports it, and ask the API after all.
      const early = `${preloads}\n<link rel="preload" as="fetch" crossorigin href="${first}">\n`
      return reply
        .header('content-security-policy', document.policy)
        .type('text/html; charset=utf-8')
        .send(document.html.replace('<!--early-->', () => early))
    })
  }
}

/** A script of the page's and all that it imports when it is loaded. */
function importsOf(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found
  found.add(file)
  const text = readFileSync(join(root, file), 'utf8')
  for (const [, name = ''] of text.matchAll(/^import (?:[^']* from )?'(\.[^']+)'/gm)) {
    importsOf(join(dirname(file), name), found)
  }
  return found
}

interface Served {
  readonly root: string
  /** Has a hash of what is in the folder, so that a browser need not ask again. */
  readonly prefix: string
  /** @param path within the folder, with its leading slash */
  readonly isServed: (path: string) => boolean
}

async function serve(app: FastifyInstance, { root, prefix, isServed }: Served): Promise<void> {
  await app.register(fastifyStatic, {
    ...{ root, prefix, decorateReply: false, index: false, immutable: true, maxAge: YEAR_MS },
    allowedPath: isServed
  })
}

function hashOf(paths: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of paths.toSorted()) hash.update(basename(path)).update(readFileSync(path))
  return hash.digest('hex').slice(0, 12)
}

/** @param prefix where the page's own files are */
function documentOf(prefix: string, chartStyles: string, imports: Readonly<Record<string, string>>) {
  const importMap = JSON.stringify({ imports })
  const mapHash = createHash('sha256').update(importMap).digest('base64')
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Console</title>
<link rel="icon" href="${prefix}icon.svg">
<link rel="stylesheet" href="${chartStyles}">
${STYLES.map((file) => `<link rel="stylesheet" href="${prefix}${file}">`).join('\n')}
<script type="importmap">${importMap}</script>
<!--early-->
<script type="module" src="${prefix}main.js"></script>
<script type="module" src="${prefix}telephone/telephone.js"></script>
</head>
<body>
<div id="app"></div>
<aside id="telephone" aria-label="Telephone"></aside>
<noscript>The console needs JavaScript. Without it, <code>npm run calls</code> lists the calls.</noscript>
</body>
</html>
`
  const policy = [
    "default-src 'none'",
    // The import map has to stand in the document. Everything else is loaded from here.
    `script-src 'self' 'sha256-${mapHash}'`,
    ...["style-src 'self'", "connect-src 'self'", "media-src 'self'", "img-src 'self'"],
    ...["base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"]
  ].join('; ')
  return { html, policy }
}
