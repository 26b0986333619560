import { access } from 'node:fs/promises'
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { environment, InvalidEnvironment, loadStoreSettings } from '../config.ts'
import { loadDotenv } from '../dotenv.ts'
import { BadRequest } from '../records/caller-number.ts'
import { databaseFile, openStore, type Store } from '../store/open.ts'
import { print } from './print.ts'

/** Who asked, in the audit. */
export const ADDRESS = 'command'

/** The command was typed wrong; the message says how, in one sentence. */
export class BadUsage extends Error {
  override name = 'BadUsage' as const
}

/**
 * Runs a command on the store, beside servers that are running. What is wrong is told in one line, with exit code 2 for a
 * command that was typed wrong, else 1.
 * @param where the store, as a person knows it
 */
export async function withStore(run: (store: Store, where: string) => Promise<void>): Promise<void> {
  try {
    loadDotenv()
    const settings = loadStoreSettings(environment)
    const where = settings.databaseUrl === undefined ? databaseFile(settings.dataDir) : 'the database of DATABASE_URL'
    // A mistaken folder must not become a new store.
    if (settings.databaseUrl === undefined) await mustBeThere(where)
    const store = await openStore(settings)
    await run(store, where).finally(() => store.close())
  } catch (error) {
    tell(error)
  }
}

/** As `withStore`, for a command with a command line, which is read first. --help prints the usage. */
export async function command<Options extends ParseArgsOptionsConfig>(
  usage: string,
  options: Options,
  run: (args: ReturnType<typeof parse<Options>>, store: Store, where: string) => Promise<void>
): Promise<void> {
  if (process.argv.slice(2).includes('--help')) return print(usage)
  try {
    const args = parse(options)
    await withStore((store, where) => run(args, store, where))
  } catch (error) {
    tell(error)
  }
}

/** @throws what is nobody's mistake */
function tell(error: unknown): void {
  if (!(error instanceof InvalidEnvironment || error instanceof BadRequest || error instanceof BadUsage)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = error instanceof BadUsage ? 2 : 1
}

function parse<Options extends ParseArgsOptionsConfig>(options: Options) {
  try {
    return parseArgs({ args: process.argv.slice(2), options, allowPositionals: true })
  } catch (error) {
    // Node goes on to explain how an argument is written that begins with a dash.
    const [what] = (error as Error).message.split(/\. /)
    throw new BadUsage(`${what?.replace(/\.$/, '')}. --help lists what there is.`)
  }
}

async function mustBeThere(file: string): Promise<void> {
  await access(file).catch(() => {
    throw new InvalidEnvironment(`DATA_DIR: no call has been kept yet in ${file}`)
  })
}
