import { rm, stat } from 'node:fs/promises'
import type { FastifyBaseLogger } from 'fastify'
import { type Kysely, sql } from 'kysely'
import type { Config } from '../config.ts'
import type { Store } from '../store/open.ts'
import type { Tables } from '../store/tables.ts'
import { EVENTS_WITHOUT_WORDS, IDS_A_STATEMENT, portions, recordingFiles } from './copies.ts'
import { deleteScenes, sceneFiles } from './scene-files.ts'

const EVERY_MS = 3_600_000
const DAY_MS = 86_400_000
/** Calls of one statement: it holds the store up for a few milliseconds. */
const CALLS_A_STATEMENT = 50

/** Where the next sweep goes on: calls that began before were swept. Of this process alone. */
interface Swept {
  audio: number
  words: number
}

/**
 * Deletes what has been kept for its time: now, and every hour. Servers that share a store may do so at once.
 * @returns stops it, and resolves when it has stopped
 */
export function keepForDays(store: Store, days: Config['keep'], log: FastifyBaseLogger): () => Promise<void> {
  const swept: Swept = { audio: 0, words: 0 }
  const stopped = new AbortController()
  const run = () =>
    sweep(store, days, swept, stopped.signal).catch((error: unknown) => {
      // The next one is in an hour, and a store that is away is the writer's to report.
      if (!stopped.signal.aborted)
        log.warn({ code: (error as { code?: unknown }).code }, 'old records were not deleted')
    })
  let running = run()
  const timer = setInterval(() => {
    running = running.then(run)
  }, EVERY_MS).unref()
  return async () => {
    clearInterval(timer)
    stopped.abort()
    await running
  }
}

/** Deletes recordings, words and calls that are older than their days, and marks of erased calls that are older than one. */
export async function sweep(
  store: Store,
  { audioDays, wordsDays, callsDays }: Config['keep'],
  swept: Swept = { audio: 0, words: 0 },
  signal?: AbortSignal
): Promise<void> {
  const { db, now } = store
  const { rows } = await sql<{ now: number }>`select ${now} as ${sql.ref('now')}`.execute(db)
  const at = rows[0]?.now ?? Date.now()
  const before = (days: number) => at - days * DAY_MS
  let calls = 0

  const files = await recordingFiles(store.dataDir)

  // Calls go first: nothing of theirs is looked at after.
  for await (const ids of callsFrom(db, 0, before(callsDays), signal)) {
    await deleteSound(store, files, ids)
    await db.deleteFrom('calls').where('id', 'in', ids).execute()
    calls += ids.length
  }
  await db.deleteFrom('deliveries').where('at', '<', before(callsDays)).execute()
  // A message or an appointment stays as long as the call on which it was kept.
  await db.deleteFrom('agentItems').where('at', '<', before(callsDays)).execute()
  for await (const ids of callsFrom(db, swept.words, before(wordsDays), signal)) {
    await deleteWords(db, ids)
    calls += ids.length
  }
  swept.words = before(wordsDays)
  for await (const ids of callsFrom(db, swept.audio, before(audioDays), signal)) {
    await deleteSound(store, files, ids)
    calls += ids.length
  }
  swept.audio = before(audioDays)
  await deleteLostFiles(files, before(audioDays))
  await deleteLostScenes(store)
  // By then every row that was on its way has come or is lost.
  await db.deleteFrom('erased').where('erasedAt', '<', before(1)).execute()
  if (calls > 0) await store.scrub()
}

/** The calls that began in a span and have ended, oldest first, some at a time: writers have their turn in between. */
async function* callsFrom(
  db: Kysely<Tables>,
  from: number,
  before: number,
  signal: AbortSignal | undefined
): AsyncGenerator<readonly string[]> {
  for (let after = { startedAt: from, id: '' }; ; ) {
    const rows = await db
      .selectFrom('calls')
      .select(['id', 'startedAt'])
      .where((eb) => eb(eb.refTuple('startedAt', 'id'), '>', eb.tuple(after.startedAt, after.id)))
      .where('startedAt', '<', before)
      .where('endedAt', 'is not', null)
      .orderBy('startedAt')
      .orderBy('id')
      .limit(CALLS_A_STATEMENT)
      .execute()
    const last = rows.at(-1)
    if (!last) return
    yield rows.map(({ id }) => id)
    signal?.throwIfAborted()
    after = last
  }
}

async function deleteWords(db: Kysely<Tables>, ids: readonly string[]): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('turns').where('callId', 'in', ids).execute()
    await transaction.deleteFrom('results').where('callId', 'in', ids).execute()
    // Sent again, an event says what is known then.
    await transaction.updateTable('deliveries').set({ body: null }).where('callId', 'in', ids).execute()
    await transaction
      .updateTable('events')
      .set({ data: '{}' })
      .where('callId', 'in', ids)
      .where('type', 'not in', EVENTS_WITHOUT_WORDS)
      .where('data', '!=', '{}')
      .execute()
  })
}

/** A scene that was made of a call has its caller's voice. */
async function deleteSound(
  { db, dataDir }: Store,
  files: ReadonlyMap<string, string>,
  ids: readonly string[]
): Promise<void> {
  await deleteScenes(dataDir, ids)
  for (const id of ids) {
    const file = files.get(id)
    if (file !== undefined) await rm(file, { force: true })
  }
  await db.deleteFrom('recordingChunks').where('callId', 'in', ids).execute()
  await db
    .updateTable('calls')
    .set({ recording: 'deleted' })
    .where('id', 'in', ids)
    .where('recording', '=', 'kept')
    .execute()
}

/** Scenes whose call was erased or deleted by another server, which does not reach the files of this machine. */
async function deleteLostScenes({ db, dataDir }: Store): Promise<void> {
  const ids = [...(await sceneFiles(dataDir)).keys()]
  for (const some of portions(ids, IDS_A_STATEMENT)) {
    const rows = await db.selectFrom('calls').select('id').where('id', 'in', some).execute()
    const known = new Set(rows.map(({ id }) => id))
    await deleteScenes(
      dataDir,
      some.filter((id) => !known.has(id))
    )
  }
}

/** Recordings whose call is not in the store, because its rows were lost. */
async function deleteLostFiles(files: ReadonlyMap<string, string>, before: number): Promise<void> {
  for (const file of files.values()) {
    const found = await stat(file).catch(() => undefined)
    if (found && found.mtimeMs < before) await rm(file, { force: true })
  }
}
