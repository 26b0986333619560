import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import type { IGenericSqlite } from 'kysely-generic-sqlite'
import type { WorkerRequestHandler } from 'kysely-generic-sqlite/worker'
import { createNodeOnMessageCallback } from 'kysely-generic-sqlite/worker-helper-node'

/** Another process of this machine may write meanwhile (a command, a second server). */
const BUSY_MS = 10_000

/** A statement for one row, and its rows. The first value of a row is its call's id. */
export interface Rows {
  readonly sql: string
  readonly rows: readonly (readonly SQLInputValue[])[]
}

/** What a thread is started with. */
export type SqliteThread = {
  readonly file: string
  /** It only reads. */
  readonly isReader: boolean
}

const open = ({ file, isReader }: SqliteThread): IGenericSqlite<DatabaseSync> => {
  const db = new DatabaseSync(file, { timeout: BUSY_MS, readOnly: isReader })
  if (!isReader) prepareToWrite(db)
  return {
    db,
    query: (_isSelect, sql, parameters) => {
      // A transaction that reads before it writes would fail when another process wrote in between.
      const statement = db.prepare(sql === 'begin' ? 'begin immediate' : sql)
      const values = (parameters ?? []) as SQLInputValue[]
      if (statement.columns().length > 0) return { rows: statement.all(...values) }
      const { lastInsertRowid, changes } = statement.run(...values)
      return { rows: [], insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes) }
    },
    iterator: (_isSelect, sql, parameters) =>
      db.prepare(sql).iterate(...((parameters ?? []) as SQLInputValue[])) as IterableIterator<unknown>,
    close: () => db.close()
  }
}

function prepareToWrite(db: DatabaseSync): void {
  db.exec('pragma journal_mode = wal')
  // A power cut loses nothing that was acknowledged. A few commits a second make the syncs cheap.
  db.exec('pragma synchronous = full')
  db.exec('pragma foreign_keys = on')
  // What is deleted is overwritten: an erased word must not stand in a free page.
  db.exec('pragma secure_delete = on')
}

const prepared = new Map<string, StatementSync>()

/**
 * Writes all rows in one transaction, but those of erased calls. One message for a batch, and statements that are
 * prepared once: through the query builder, row by row of values, the same batch took six times the CPU.
 * @returns the ids of erased calls among the rows'
 */
const write: WorkerRequestHandler<DatabaseSync> = ({ db }, { payload }) => {
  const tables = payload as readonly Rows[]
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql) ?? db.prepare(sql)
    prepared.set(sql, known)
    return known
  }
  const erasedCalls = prepare('select "callId" from erased where "callId" = ?')
  const isErased = new Map<SQLInputValue, boolean>()
  db.exec('begin immediate')
  try {
    for (const { sql, rows } of tables) {
      const statement = prepare(sql)
      for (const row of rows) {
        const [id = ''] = row
        const erased = isErased.get(id) ?? erasedCalls.get(id) !== undefined
        isErased.set(id, erased)
        if (!erased) statement.run(...row)
      }
    }
    db.exec('commit')
  } catch (error) {
    if (db.isTransaction) db.exec('rollback')
    throw error
  }
  return [...isErased].flatMap(([id, erased]) => (erased ? [id] : []))
}

/** The embedded database, in a thread of its own: a search over all words takes a part of a second, and audio does not wait. */
createNodeOnMessageCallback(open, write)
