import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** The console's paths. They share one document; the path says which view it shows (`page/main.js`). */
const VIEWS = ['', '/calls', '/calls/:id', '/messages', '/numbers', '/health']

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

  const scripts = files.filter((file) => file.endsWith('.js') && !file.includes('worklet'))
  const document = documentOf(prefix, scripts, urls)
  for (const view of VIEWS) {
    app.get(`/console${view}`, (_request, reply) =>
      reply.header('content-security-policy', document.policy).type('text/html; charset=utf-8').send(document.html)
    )
  }
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

/** @param prefix where the page's own files are @param libraries the URL of each library */
function documentOf(
  prefix: string,
  scripts: readonly string[],
  { 'uplot.css': chartStyles, ...imports }: Record<string, string>
) {
  const importMap = JSON.stringify({ imports })
  const mapHash = createHash('sha256').update(importMap).digest('base64')
  // A browser would find the scripts one after the other, each in the one that imports it. Charts are loaded when needed.
  const { uplot: _, ...first } = imports
  const preloads = [...Object.values(first), ...scripts.map((file) => prefix + file)]
    .map((url) => `<link rel="modulepreload" href="${url}">`)
    .join('\n')
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Console</title>
<link rel="icon" href="${prefix}icon.svg">
<link rel="stylesheet" href="${chartStyles}">
<link rel="stylesheet" href="${prefix}style.css">
<link rel="stylesheet" href="${prefix}telephone/telephone.css">
<script type="importmap">${importMap}</script>
${preloads}
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
