import { mkdir, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Dialect, Kysely, PostgresDialect, type RawBuilder, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { type GenericSqliteWorkerConnection, GenericSqliteWorkerDialect } from 'kysely-generic-sqlite/worker'
import { createNodeWorkerExecutor } from 'kysely-generic-sqlite/worker-helper-node'
import pg from 'pg'
import { InvalidEnvironment } from '../config.ts'
import { migrations } from './migrations.ts'
import type { TableRows } from './rows.ts'
import type { SqliteThread } from './sqlite-worker.ts'
import type { Tables } from './tables.ts'

/** Epoch milliseconds are far below 2^53, and every `bigint` here is one, or a count. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** `f_type` of statfs(2): SQLite's write-ahead log needs memory that all its processes share. */
const NETWORK_FILE_SYSTEMS = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2']
])

/** Held shared by everybody who writes records, and alone by whoever erases (Postgres advisory locks). */
const ERASURE_LOCK = 7_305_001

/** The store of one server or command. This file alone knows which engine it is. */
export interface Store {
  readonly db: Kysely<Tables>
  /** For pages and searches. On SQLite a thread of its own, which starts with the first: rows do not wait behind it. */
  readonly reading: Kysely<Tables>
  readonly isPostgres: boolean
  /** The folder of what is kept in files; nothing is written to it where the store is Postgres. */
  readonly dataDir: string
  /** Milliseconds since the epoch by the database's clock, which all its nodes share. */
  readonly now: RawBuilder<number>
  /**
   * Writes rows in one transaction, in the order of the tables; those of erased calls are left out.
   * @returns the ids of erased calls among the rows'
   */
  write(tables: readonly TableRows[]): Promise<readonly string[]>
  /** Run first in a transaction that writes what belongs to a call (`shared`) or erases it: nothing erased is written again. */
  lockErasure(transaction: Kysely<Tables>, how: 'shared' | 'alone'): Promise<void>
  /** After an erasure: what was deleted leaves the files too. */
  scrub(): Promise<void>
  close(): Promise<void>
}

export interface StoreSettings {
  readonly databaseUrl: string | undefined
  readonly dataDir: string
}

/**
 * Opens the database and brings its schema up to date.
 * @throws InvalidEnvironment that names the setting, when it cannot be opened, read or written
 */
export async function openStore({ databaseUrl, dataDir }: StoreSettings): Promise<Store> {
  return databaseUrl === undefined ? openSqlite(dataDir) : openPostgres(databaseUrl, dataDir)
}

export function databaseFile(dataDir: string): string {
  return resolve(join(dataDir, 'calls.sqlite'))
}

/** The statements for one row, by the columns that it has. */
const compiled = new Map<TableRows['statement'], Map<string, string>>()

async function openSqlite(dataDir: string): Promise<Store> {
  const file = databaseFile(dataDir)
  try {
    // It holds callers' words and voices, for nobody but its owner. A folder that is there stays as it is.
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const network = NETWORK_FILE_SYSTEMS.get((await statfs(dataDir)).type)
    if (network) throw new Error(`it is on a network file system (${network}); set DATABASE_URL to share a store`)
  } catch (error) {
    throw unusable('DATA_DIR', dataDir, error)
  }
  let connection: GenericSqliteWorkerConnection | undefined
  const dialect = sqliteThread({ file, isReader: false }, (created) => {
    connection = created
  })
  const db = await migrated(dialect, { bytes: 'blob' }, 'DATA_DIR', file)
  let reading: Kysely<Tables> | undefined
  return {
    db,
    get reading() {
      reading ??= new Kysely<Tables>({ dialect: sqliteThread({ file, isReader: true }) })
      return reading
    },
    isPostgres: false,
    dataDir,
    now: sql<number>`cast(unixepoch('subsec') * 1000 as integer)`,
    // The connection belongs to one task at a time: another's transaction may be under way.
    write: (tables) =>
      db.connection().execute(async () => {
        const batch = tables.map(({ statement, rows }) => ({
          sql: sqlOf(db, statement, rows),
          rows: rows.map(Object.values)
        }))
        return (await connection?.request<string[]>('write', batch)) ?? []
      }),
    // `begin immediate` lets one transaction write at a time.
    lockErasure: async () => {},
    scrub: async () => {
      // It waits for whoever reads an older state of the file, up to the busy timeout, and does not throw.
      const { rows } = await sql<{ busy: number }>`pragma wal_checkpoint(truncate)`.execute(db)
      if (rows[0]?.busy !== 0) throw new Error('erased words are still in the write-ahead log: somebody is reading it')
    },
    close: async () => {
      await Promise.all([db.destroy(), reading?.destroy()])
    }
  }
}

/** @param onConnection gets the way to the thread past the query builder */
function sqliteThread(
  data: SqliteThread,
  onConnection: (connection: GenericSqliteWorkerConnection) => void = () => {}
): Dialect {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url))
  // A store that is closed late does not keep the process.
  worker.unref()
  return new GenericSqliteWorkerDialect(createNodeWorkerExecutor({ worker, data }), async (connection) =>
    onConnection(connection as GenericSqliteWorkerConnection)
  )
}

async function openPostgres(databaseUrl: string, dataDir: string): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 5,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    keepAlive: true
  })
  // A connection that is lost while it is idle. Whoever wants the next one gets the error.
  pool.on('error', () => {})
  const db = await migrated(new PostgresDialect({ pool }), { bytes: 'bytea' }, 'DATABASE_URL', hostOf(databaseUrl))
  return {
    db,
    reading: db,
    isPostgres: true,
    dataDir,
    now: sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`,
    write: (tables) => db.transaction().execute((transaction) => writePostgres(transaction, tables)),
    lockErasure,
    scrub: async () => {},
    close: () => db.destroy()
  }
}

/** Rows of one statement: Postgres takes 65,535 values, and a call has 28. */
const ROWS_A_STATEMENT = 1_000

/** In a statement of its own, so that the next one sees what an erasure has committed. */
async function lockErasure(db: Kysely<Tables>, how: 'shared' | 'alone'): Promise<void> {
  const lock = how === 'shared' ? sql`pg_advisory_xact_lock_shared` : sql`pg_advisory_xact_lock`
  await sql`select ${lock}(${sql.lit(ERASURE_LOCK)})`.execute(db)
}

async function writePostgres(db: Kysely<Tables>, tables: readonly TableRows[]): Promise<readonly string[]> {
  await lockErasure(db, 'shared')
  const ids = new Set(tables.flatMap(({ rows }) => rows.map(callOf)))
  const found = await db
    .selectFrom('erased')
    .select('callId')
    .where('callId', 'in', [...ids])
    .execute()
  const erased = found.map(({ callId }) => callId)
  for (const { statement, rows } of tables) {
    const left = erased.length === 0 ? rows : rows.filter((row) => !erased.includes(callOf(row)))
    for (let from = 0; from < left.length; from += ROWS_A_STATEMENT) {
      await statement(db, left.slice(from, from + ROWS_A_STATEMENT)).execute()
    }
  }
  return erased
}

function callOf(row: object): string {
  return Object.values(row)[0] as string
}

async function migrated(
  dialect: Dialect,
  types: Parameters<typeof migrations>[0],
  setting: string,
  what: string
): Promise<Kysely<Tables>> {
  const db = new Kysely<Tables>({ dialect })
  const known = migrations(types)
  const migrator = new Migrator({ db, provider: { getMigrations: async () => known } })
  const { error } = await migrator.migrateToLatest().catch((error: unknown) => ({ error }))
  if (error === undefined) return db
  await db.destroy().catch(() => {})
  throw unusable(setting, what, error)
}

function unusable(setting: string, what: string, error: unknown): InvalidEnvironment {
  const { message, code } = error as Error & { code?: string }
  const why = /^corrupted migrations/.test(message)
    ? 'it was written by a newer version of this server; start that one, or restore a backup'
    : message || code || String(error)
  return new InvalidEnvironment(`${setting}: the store ${what} cannot be used: ${why}`)
}

/** Without user and password, which do not belong in an error. */
function hostOf(databaseUrl: string): string {
  try {
    const { host, pathname } = new URL(databaseUrl)
    return `${host}${pathname}`
  } catch {
    return 'of this URL'
  }
}

function sqlOf(db: Kysely<Tables>, statement: TableRows['statement'], [row = {}]: readonly object[]): string {
  const byColumns = compiled.get(statement) ?? new Map<string, string>()
  compiled.set(statement, byColumns)
  const columns = Object.keys(row).join()
  const known = byColumns.get(columns) ?? statement(db, [row]).compile().sql
  byColumns.set(columns, known)
  return known
}
