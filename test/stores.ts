import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import { openStore, type Store, type StoreSettings } from '../src/store/open.ts'

/** The two engines that everything of the store is tested with. */
export const ENGINES = ['SQLite', 'PostgreSQL'] as const
export type Engine = (typeof ENGINES)[number]

/** A folder that is gone when the test finishes. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'records-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A new, empty database of the tests' server. */
export async function newDatabase(server: string = inject('postgresUrl')): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return Object.assign(new URL(server), { pathname: `/${name}` }).href
}

/** Where a new, empty store is. */
export async function newStoreSettings(engine: Engine): Promise<StoreSettings> {
  const dataDir = await newFolder()
  return { dataDir, databaseUrl: engine === 'SQLite' ? undefined : await newDatabase() }
}

/** Opens a store, and closes it when the test finishes, unless a server has closed it. */
export async function open(settings: StoreSettings): Promise<Store> {
  const store = await openStore(settings)
  onTestFinished(() => store.close().catch(() => {}))
  return store
}
