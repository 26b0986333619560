import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import type { IGenericSqlite } from 'kysely-generic-sqlite'
import { createNodeOnMessageCallback } from 'kysely-generic-sqlite/worker-helper-node'

/** Another process of this machine may write meanwhile (a command, a second server). */
const BUSY_MS = 10_000

/** The embedded database, in a thread of its own: a search over all words takes tens of ms, and audio does not wait. */
createNodeOnMessageCallback<{ file: string }>(({ file }): IGenericSqlite<DatabaseSync> => {
  const db = new DatabaseSync(file, { timeout: BUSY_MS })
  db.exec('pragma journal_mode = wal')
  // A power cut loses nothing that was acknowledged. Ten commits a second make the syncs cheap.
  db.exec('pragma synchronous = full')
  db.exec('pragma foreign_keys = on')
  // What is deleted is overwritten: an erased word must not stand in a free page.
  db.exec('pragma secure_delete = on')
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
})
