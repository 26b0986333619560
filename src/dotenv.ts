import { readFileSync } from 'node:fs'
import dotenv from 'dotenv'
import { environment } from './config.ts'

/** Sentences: in every other setting a # begins a comment. */
const SENTENCES = ['GREETING', 'ANSWER_SAY', 'TRANSFER_TARGETS']

/** Reads .env into the environment, which wins. Whoever lost the end of a sentence to a # is told. */
export function loadDotenv(): void {
  const { parsed = {} } = dotenv.config({ quiet: true })
  for (const name of SENTENCES) {
    const value = parsed[name]
    if (!value || environment[name] !== value || !isCut(name)) continue
    process.stderr.write(`${name}: what stands after the # in .env is a comment; put "quotes" around the whole value\n`)
  }
}

/** Its last line in .env, which is the one that counts, is not quoted and has a # in it. */
function isCut(name: string): boolean {
  const lines = readFileSync('.env', 'utf8').matchAll(new RegExp(`^\\s*(?:export\\s+)?${name}\\s*[=:]\\s*(.*)$`, 'gm'))
  const written = [...lines].at(-1)?.[1] ?? ''
  return /^[^'"`#][^#]*#/.test(written)
}
