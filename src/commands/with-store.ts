import { environment, InvalidEnvironment, loadStoreSettings } from '../config.ts'
import { loadDotenv } from '../dotenv.ts'
import { databaseFile, openStore, type Store } from '../store/open.ts'

/**
 * Runs a command on the store, beside servers that are running. A setting that is wrong is told in one line, with exit
 * code 1.
 * @param where the store, as a person knows it
 */
export async function withStore(run: (store: Store, where: string) => Promise<void>): Promise<void> {
  loadDotenv()
  try {
    const settings = loadStoreSettings(environment)
    const store = await openStore(settings)
    const where = settings.databaseUrl === undefined ? databaseFile(settings.dataDir) : 'the database of DATABASE_URL'
    await run(store, where).finally(() => store.close())
  } catch (error) {
    if (!(error instanceof InvalidEnvironment)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
