import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'

const AGENT = join(import.meta.dirname, '../agent')
const PACKAGE = join(import.meta.dirname, '../../package.json')

/**
 * Which agent answered: the version of the package, and a hash of everything that makes the agent what it is: the files
 * of src/agent, the model, the voice and the greeting.
 */
export async function versionOf(config: Config): Promise<string> {
  const { version } = JSON.parse(await readFile(PACKAGE, 'utf8')) as { version: string }
  const hash = createHash('sha256')
  for (const file of (await readdir(AGENT, { recursive: true })).sort()) {
    if (file.endsWith('.ts')) hash.update(file).update(await readFile(join(AGENT, file)))
  }
  const { model, voice } = config.openai
  hash.update(JSON.stringify([model, voice, config.call.greeting]))
  return `${version}+${hash.digest('hex').slice(0, 8)}`
}
