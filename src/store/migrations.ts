import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What the two engines name differently. */
export interface Types {
  readonly bytes: 'bytea' | 'blob'
}

/**
 * The schema as it grew. Only add: a server of the last version may still run while the next one starts, and a migration
 * that has been released is never changed. Applied at start, in the order of the names.
 */
export function migrations({ bytes }: Types): Record<string, Migration> {
  return {
    '001_records': { up: (db) => records(db, bytes) },
    '002_console': { up: console },
    '003_webhooks': { up: webhooks },
    '004_feed': { up: feed }
  }
}

/** What the console asks for. */
async function console(db: Kysely<unknown>): Promise<void> {
  await db.schema.createIndex('callsByCallSid').on('calls').column('callSid').execute()
  await db.schema.alterTable('agentItems').addColumn('doneAt', 'bigint').execute()
}

/** What has changed since somebody looked last. */
async function feed(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('writers')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('seq', 'bigint', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute()
  for (const table of ['calls', 'turns', 'events']) {
    await db.schema.alterTable(table).addColumn('writer', 'text').execute()
    await db.schema.alterTable(table).addColumn('writerSeq', 'bigint').execute()
    await db.schema.createIndex(`${table}ByWriter`).on(table).columns(['writer', 'writerSeq']).execute()
  }
}

async function records(db: Kysely<unknown>, bytes: Types['bytes']): Promise<void> {
  await db.schema
    .createTable('calls')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('callSid', 'text')
    .addColumn('direction', 'text', (c) => c.notNull())
    .addColumn('from', 'text')
    .addColumn('to', 'text')
    .addColumn('agent', 'text')
    .addColumn('node', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('practice', 'integer', (c) => c.notNull())
    .addColumn('parameters', 'text', (c) => c.notNull())
    .addColumn('startedAt', 'bigint', (c) => c.notNull())
    .addColumn('answeredAt', 'bigint')
    .addColumn('endedAt', 'bigint')
    .addColumn('endReason', 'text')
    .addColumn('fault', 'text')
    .addColumn('firstAudioMs', 'double precision')
    .addColumn('responses', 'integer', (c) => c.notNull())
    .addColumn('responseP50Ms', 'double precision')
    .addColumn('responseP90Ms', 'double precision')
    .addColumn('responseMaxMs', 'double precision')
    .addColumn('turns', 'integer', (c) => c.notNull())
    .addColumn('bargeIns', 'integer', (c) => c.notNull())
    .addColumn('reconnections', 'integer', (c) => c.notNull())
    .addColumn('tools', 'integer', (c) => c.notNull())
    .addColumn('streams', 'integer', (c) => c.notNull())
    .addColumn('recording', 'text', (c) => c.notNull())
    .addColumn('consent', 'text')
    .addColumn('resultState', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'bigint', (c) => c.notNull())
    .execute()
  await db.schema.createIndex('callsByTime').on('calls').columns(['startedAt', 'id']).execute()
  await db.schema.createIndex('callsByFrom').on('calls').columns(['from', 'startedAt']).execute()
  await db.schema.createIndex('callsByTo').on('calls').columns(['to', 'startedAt']).execute()
  await db.schema.createIndex('callsThatRun').on('calls').column('node').where(sql.ref('endedAt'), 'is', null).execute()

  await db.schema
    .createTable('turns')
    .addColumn('callId', 'text', (c) => c.notNull().references('calls.id').onDelete('cascade'))
    .addColumn('stream', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('who', 'text', (c) => c.notNull())
    .addColumn('agent', 'text')
    .addColumn('text', 'text')
    .addColumn('generatedText', 'text')
    .addColumn('textState', 'text', (c) => c.notNull())
    .addColumn('cut', 'integer', (c) => c.notNull())
    .addColumn('startMs', 'double precision')
    .addColumn('endMs', 'double precision')
    .addColumn('sentMs', 'double precision')
    .addColumn('heardMs', 'double precision')
    .addColumn('tool', 'integer', (c) => c.notNull())
    .addColumn('toolMs', 'double precision')
    .addColumn('voiceEnd', 'double precision')
    .addColumn('vadStop', 'double precision')
    .addColumn('committed', 'double precision')
    .addColumn('answerStarted', 'double precision')
    .addColumn('firstToken', 'double precision')
    .addColumn('firstAudio', 'double precision')
    .addColumn('sent', 'double precision')
    .addColumn('heard', 'double precision')
    .addPrimaryKeyConstraint('turnsKey', ['callId', 'stream', 'id'])
    .execute()

  await db.schema
    .createTable('events')
    .addColumn('callId', 'text', (c) => c.notNull().references('calls.id').onDelete('cascade'))
    .addColumn('stream', 'text', (c) => c.notNull())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('atMs', 'double precision', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('data', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('eventsKey', ['callId', 'stream', 'seq'])
    .execute()

  await db.schema
    .createTable('usage')
    .addColumn('callId', 'text', (c) => c.notNull().references('calls.id').onDelete('cascade'))
    .addColumn('stream', 'text', (c) => c.notNull())
    .addColumn('seq', 'integer', (c) => c.notNull())
    .addColumn('responseId', 'text')
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('textIn', 'integer', (c) => c.notNull())
    .addColumn('audioIn', 'integer', (c) => c.notNull())
    .addColumn('cachedText', 'integer', (c) => c.notNull())
    .addColumn('cachedAudio', 'integer', (c) => c.notNull())
    .addColumn('textOut', 'integer', (c) => c.notNull())
    .addColumn('audioOut', 'integer', (c) => c.notNull())
    .addColumn('seconds', 'double precision', (c) => c.notNull())
    .addPrimaryKeyConstraint('usageKey', ['callId', 'stream', 'seq'])
    .execute()

  await db.schema
    .createTable('recordingChunks')
    .addColumn('callId', 'text', (c) => c.notNull().references('calls.id').onDelete('cascade'))
    .addColumn('second', 'integer', (c) => c.notNull())
    .addColumn('audio', sql.raw(bytes), (c) => c.notNull())
    .addPrimaryKeyConstraint('recordingChunksKey', ['callId', 'second'])
    .execute()

  await db.schema
    .createTable('nodes')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('seenAt', 'bigint', (c) => c.notNull())
    .addColumn('leaseUntil', 'bigint', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('erased')
    .addColumn('callId', 'text', (c) => c.primaryKey())
    .addColumn('erasedAt', 'bigint', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('audit')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('calls', 'integer', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .execute()

  await db.schema
    .createTable('agentItems')
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('caller', 'text')
    .addColumn('callId', 'text')
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('data', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('agentItemsKey', ['kind', 'key'])
    .execute()
  await db.schema.createIndex('agentItemsByCaller').on('agentItems').column('caller').execute()
}

async function webhooks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('deliveries')
    // Without a reference: that a call was erased is told when its row is gone.
    .addColumn('callId', 'text')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('dueAt', 'bigint', (c) => c.notNull())
    .addColumn('takenBy', 'text')
    .addColumn('takenUntil', 'bigint', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('status', 'integer')
    .addColumn('data', 'text', (c) => c.notNull())
    .addColumn('body', 'text')
    .addUniqueConstraint('deliveriesOfCall', ['callId', 'type', 'key'])
    .execute()
  await db.schema
    .createIndex('deliveriesDue')
    .on('deliveries')
    .columns(['dueAt'])
    .where(sql.ref('state'), 'in', sql`('held', 'pending')`)
    .execute()
  await db.schema.createIndex('deliveriesByTime').on('deliveries').column('at').execute()

  await db.schema
    .createTable('results')
    .addColumn('callId', 'text', (c) => c.primaryKey().references('calls.id').onDelete('cascade'))
    .addColumn('dueAt', 'bigint')
    .addColumn('takenBy', 'text')
    .addColumn('takenUntil', 'bigint', (c) => c.notNull())
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('data', 'text')
    .execute()
  await db.schema
    .createIndex('resultsDue')
    .on('results')
    .column('dueAt')
    .where(sql.ref('dueAt'), 'is not', null)
    .execute()
}
