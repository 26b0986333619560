import { existsSync } from 'node:fs'
import { InvalidEnvironment } from '../config.ts'
import { databaseFile, openStore } from '../store/open.ts'
import { bad, type Check, ok } from './finding.ts'

/** The store opens, as it does when the server starts. A SQLite file that is not there yet is left so. */
export const store: Check = async ({ config }) => {
  const { databaseUrl, dataDir } = config.server
  const where = databaseUrl === undefined ? databaseFile(dataDir) : 'the database of DATABASE_URL'
  if (databaseUrl === undefined && !existsSync(where))
    return [ok('here', 'store', `No call has been kept yet in ${where}.`)]
  try {
    const opened = await openStore({ databaseUrl, dataDir })
    await opened.close()
    return [ok('here', 'store', `Calls are kept in ${where}.`)]
  } catch (error) {
    if (!(error instanceof InvalidEnvironment)) throw error
    const mend =
      databaseUrl === undefined ? 'Set DATA_DIR to another folder, or put the file right.' : 'Correct DATABASE_URL.'
    return [bad('here', 'store', error.message, 'The server does not start without its store.', mend)]
  }
}
