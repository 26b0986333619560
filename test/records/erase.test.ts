import { globSync } from 'node:fs'
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tool } from '@openai/agents/realtime'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { BadRequest } from '../../src/records/caller-number.ts'
import { eraseCall, eraseCaller } from '../../src/records/erase.ts'
import { recordingsFolder } from '../../src/records/recording-file.ts'
import { newDelivery } from '../../src/store/new-delivery.ts'
import type { Store } from '../../src/store/open.ts'
import { calls, hears, obliging, quiet, says, speak } from '../call/manners/scene.ts'
import { startHouse } from '../house.ts'
import { startServer } from '../server-process.ts'
import { ENGINES, newFolder, newStoreSettings, open } from '../stores.ts'
import { agentWith } from './agents.ts'
import { aCall, anEvent, anItem, aTurn } from './rows.ts'

const NUMBER = '+15557654321'
const LIMIT_MS = 5_000

/** What of these is found anywhere: in a byte of a file of `DATA_DIR`, in a column of a table. */
async function traces(store: Store, words: readonly string[]): Promise<string[]> {
  return store.isPostgres ? tracesInTables(store, words) : tracesInFiles(store.dataDir, words)
}

async function tracesInFiles(folder: string, words: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const name of globSync('**', { cwd: folder })) {
    const bytes = await readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EISDIR') return Buffer.alloc(0)
      throw error
    })
    for (const word of words) if (bytes.includes(word)) found.push(`${word} in ${name}`)
  }
  return found
}

async function tracesInTables({ db }: Store, words: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const { name } of await db.introspection.getTables()) {
    for (const word of words) {
      const hex = Buffer.from(word).toString('hex')
      const { rows } = await sql<{ rows: number }>`
        select count(*) as rows from ${sql.table(name)} as t
        where t::text like ${`%${word}%`} or t::text like ${`%${hex}%`}`.execute(db)
      if (rows[0]?.rows !== 0) found.push(`${word} in ${name}`)
    }
  }
  return found
}

const note = tool({
  ...{ name: 'note', description: 'Notes.', parameters: z.object({ what: z.string() }) },
  execute: async () => 'Noted under kolibri-result.'
})

async function auditOf({ db }: Store) {
  return db.selectFrom('audit').select(['action', 'calls', 'address']).orderBy('at').execute()
}

describe.each(ENGINES)('on %s', (engine) => {
  test('a caller who is erased while they talk leaves no word, in no file and no table', async () => {
    const settings = await newStoreSettings(engine)
    const house = await startHouse({
      model: obliging(({ kind, transcript }) => {
        if (kind === 'tool_output') return [says('Done, kolibri-agent.')]
        return transcript?.startsWith('Note') ? [calls('note', { what: 'kolibri-argument' })] : [says('I see.')]
      }),
      overrides: { store: await open(settings), ...agentWith(note) }
    })
    const store = await open(settings)
    const { phone, session, call } = await house.connect({ from: NUMBER })
    const id = phone.callSid
    speak(session, 'Note kolibri-caller.')
    await hears(phone, 150)
    await quiet(call)
    await mkdir(join(store.dataDir, 'recordings'), { recursive: true })
    if (!store.isPostgres) await writeFile(join(store.dataDir, 'recordings', `${id}.wav`), 'RIFF kolibri-recording')
    await expect.poll(() => store.db.selectFrom('calls').selectAll().execute(), { timeout: LIMIT_MS }).toHaveLength(1)
    await store.db
      .insertInto('recordingChunks')
      .values({ callId: id, second: 0, audio: Buffer.from('kolibri-recording') })
      .execute()
    await store.db
      .insertInto('agentItems')
      .values(anItem('kolibri-message', { caller: NUMBER, callId: id }))
      .execute()
    await store.db
      .insertInto('results')
      .values({ callId: id, dueAt: null, takenBy: null, takenUntil: 0, attempts: 1, data: '"kolibri-learned"' })
      .execute()
    await store.db
      .insertInto('deliveries')
      .values({ ...newDelivery('call.ended', { callId: id }), body: '"kolibri-told"' })
      .execute()

    const spoken = ['caller', 'agent', 'argument', 'result', 'message', 'recording']
    const secrets = [...[...spoken, 'learned', 'told'].map((what) => `kolibri-${what}`), NUMBER]
    // Each of them is there: else it would prove nothing that none is there afterwards.
    const isThere = async () => (await traces(store, secrets)).map((trace) => trace.split(' ')[0])
    await expect.poll(isThere, { timeout: LIMIT_MS }).toEqual(expect.arrayContaining(secrets))

    // On their way while the caller is erased.
    speak(session, 'And kolibri-caller once more.')
    expect(await eraseCaller(store, NUMBER, '192.0.2.7')).toEqual({ calls: 1, items: 1 })
    expect(await traces(store, secrets)).toEqual([])

    // The call goes on. A later caller's rows come after its rows.
    await quiet(call)
    speak(session, 'Note kolibri-caller.')
    await hears(phone, 350)
    await quiet(call)
    phone.hangUp()
    await house.records.next()
    const later = await house.connect()
    speak(later.session, 'I am somebody else.')
    await expect
      .poll(() => store.db.selectFrom('turns').select('text').execute(), { timeout: LIMIT_MS })
      .toContainEqual({ text: 'I am somebody else.' })
    expect(await traces(store, secrets)).toEqual([])

    expect(await eraseCaller(store, NUMBER, '192.0.2.7')).toEqual({ calls: 0, items: 0 })
    expect(await traces(store, secrets)).toEqual([])
    const audit = { action: 'erase', address: '192.0.2.7' }
    expect(await auditOf(store)).toEqual([
      { ...audit, calls: 1 },
      { ...audit, calls: 0 }
    ])
  })

  test('a caller’s calls are those from and to their number; everybody else’s stay', async () => {
    const store = await open(await newStoreSettings(engine))
    const { db } = store
    await db
      .insertInto('calls')
      .values([aCall('CA1', { from: NUMBER }), aCall('CA2', { from: '+15550000002', to: NUMBER }), aCall('CA3')])
      .execute()
    await db
      .insertInto('turns')
      .values([aTurn('CA1'), aTurn('CA2'), aTurn('CA3')])
      .execute()
    await db
      .insertInto('events')
      .values([anEvent('CA1'), anEvent('CA3')])
      .execute()
    const items = [anItem('a', { caller: NUMBER }), anItem('b', { callId: 'CA2' }), anItem('c', { callId: 'CA3' })]
    await db.insertInto('agentItems').values(items).execute()

    expect(await eraseCaller(store, NUMBER, 'command', { dryRun: true })).toEqual({ calls: 2, items: 2 })
    expect(await db.selectFrom('calls').selectAll().execute()).toHaveLength(3)
    expect(await auditOf(store)).toEqual([])

    expect(await eraseCaller(store, NUMBER, 'command')).toEqual({ calls: 2, items: 2 })
    for (const table of ['turns', 'events'] as const) {
      expect(await db.selectFrom(table).select('callId').execute()).toEqual([{ callId: 'CA3' }])
    }
    expect(await db.selectFrom('calls').select('id').execute()).toEqual([{ id: 'CA3' }])
    expect(await db.selectFrom('agentItems').select('callId').execute()).toEqual([{ callId: 'CA3' }])
    expect(await auditOf(store)).toEqual([{ action: 'erase', calls: 2, address: 'command' }])
  })

  test('one call is erased by either of its ids, and a call that is not stored yet is erased too', async () => {
    const store = await open(await newStoreSettings(engine))
    await store.db
      .insertInto('calls')
      .values([aCall('dialled', { callSid: 'CA9' }), aCall('CA8')])
      .execute()
    expect(await eraseCall(store, 'CA9', 'command')).toEqual({ calls: 1, items: 0 })
    expect(await store.db.selectFrom('calls').select('id').execute()).toEqual([{ id: 'CA8' }])
    expect(await eraseCall(store, 'CA7', 'command')).toEqual({ calls: 0, items: 0 })
    const erased = await store.db.selectFrom('erased').select('callId').orderBy('callId').execute()
    expect(erased.map(({ callId }) => callId)).toEqual(['CA7', 'CA9', 'dialled'])
  })

  test('every table is known to hold nobody’s words, or to be erased', async () => {
    const store = await open(await newStoreSettings(engine))
    const tables = (await store.db.introspection.getTables()).map(({ name }) => name)
    // A new table of words belongs into src/records/copies.ts and into the first test.
    const erased = ['calls', 'turns', 'events', 'usage', 'recordingChunks', 'agentItems', 'results', 'deliveries']
    expect(tables.sort()).toEqual([...erased, 'nodes', 'writers', 'erased', 'audit'].sort())
  })

  test('a number in a wrong format is refused, and nothing is erased', async () => {
    const store = await open(await newStoreSettings(engine))
    for (const number of ['', '0171 1234567', '+1555765432a', 'anonymous', "+1' or '1'='1"]) {
      await expect(eraseCaller(store, number, 'command')).rejects.toThrow(BadRequest)
    }
    expect(await auditOf(store)).toEqual([])
  })
})

/** The files of a folder that a process has open, also those that are deleted. */
async function openFiles(pid: number | undefined, folder: string): Promise<string[]> {
  const fds = `/proc/${pid}/fd`
  const files = await Promise.all((await readdir(fds)).map((fd) => readlink(join(fds, fd)).catch(() => '')))
  return files.filter((file) => file.startsWith(folder))
}

test('a call that goes on and is erased by another process: whoever records it lets go of the file, and makes no new one', async () => {
  const dataDir = await newFolder()
  const server = await startServer({ RECORDING: 'announce', DATA_DIR: dataDir })
  const { phone, session } = await server.connect()
  const folder = recordingsFolder(dataDir)
  const recordings = () => readdir(folder).catch(() => [])
  await expect.poll(recordings, { timeout: LIMIT_MS }).toHaveLength(1)
  expect(await eraseCall(await open({ dataDir, databaseUrl: undefined }), phone.callSid, 'command')).toMatchObject({
    calls: 1
  })
  expect(await recordings()).toEqual([])
  // The server learns of it with the next row of this call.
  void session.say({ ms: 1_500, transcript: 'One two three.' })
  await expect.poll(() => openFiles(server.child.pid, folder), { timeout: LIMIT_MS }).toEqual([])
  await hears(phone, 1_400)
  phone.hangUp()
  await server.log.next(({ msg }) => msg === 'call ended')
  await server.drain('SIGTERM')
  await server.exit
  expect(await recordings()).toEqual([])
})
