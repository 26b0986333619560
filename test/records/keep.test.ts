import { access, mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { sweep } from '../../src/records/keep.ts'
import type { Store } from '../../src/store/open.ts'
import { startHouse } from '../house.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'
import { aCall, anEvent, anItem, aTurn } from './rows.ts'

const DAYS = { audioDays: 30, wordsDays: 90, callsDays: 365 }
const daysAgo = (days: number) => Date.now() - days * 86_400_000

/** A recorded call with words and a tool, that began so many days ago. */
async function fill({ db, dataDir }: Store, id: string, days: number, given = {}) {
  await db
    .insertInto('calls')
    .values(aCall(id, { startedAt: daysAgo(days), recording: 'kept', ...given }))
    .execute()
  await db.insertInto('turns').values(aTurn(id)).execute()
  const events = [
    { seq: 1, type: 'live', data: '{"greets":true}' },
    { seq: 2, type: 'tool_started', data: '{"name":"note","arguments":"{}"}' },
    { seq: 3, type: 'of_a_later_version', data: '{"said":"something"}' }
  ]
  await db
    .insertInto('events')
    .values(events.map((event) => anEvent(id, event)))
    .execute()
  const audio = Buffer.from('sound')
  await db.insertInto('recordingChunks').values({ callId: id, second: 0, audio }).execute()
  await db
    .insertInto('agentItems')
    .values(anItem(id, { callId: id, at: daysAgo(days) }))
    .execute()
  await recordingFile(dataDir, id)
}

async function recordingFile(dataDir: string, id: string): Promise<string> {
  await mkdir(join(dataDir, 'recordings'), { recursive: true })
  const file = join(dataDir, 'recordings', `${id}.wav`)
  await writeFile(file, 'sound')
  return file
}

/** What is left of a call. */
async function left({ db, dataDir }: Store, callId: string) {
  const of = <Table extends 'turns' | 'recordingChunks'>(table: Table) =>
    db
      .selectFrom(table as 'turns')
      .select('callId')
      .where('callId', '=', callId)
      .execute()
  const call = await db.selectFrom('calls').select('recording').where('id', '=', callId).executeTakeFirst()
  const events = await db.selectFrom('events').select('data').where('callId', '=', callId).orderBy('seq').execute()
  const items = await db.selectFrom('agentItems').select('key').where('callId', '=', callId).execute()
  return {
    recording: call?.recording,
    words: (await of('turns')).length,
    events: events.map(({ data }) => Object.keys(JSON.parse(data)).length),
    chunks: (await of('recordingChunks')).length,
    file: await access(join(dataDir, 'recordings', `${callId}.wav`)).then(
      () => 1,
      () => 0
    ),
    items: items.length
  }
}

const ALL = { recording: 'kept', words: 1, events: [1, 2, 1], chunks: 1, file: 1, items: 1 }
const NO_AUDIO = { ...ALL, recording: 'deleted', chunks: 0, file: 0 }
const NO_WORDS = { ...NO_AUDIO, words: 0, events: [1, 0, 0] }
const NOTHING = { recording: undefined, words: 0, events: [], chunks: 0, file: 0, items: 0 }

describe.each(ENGINES)('on %s', (engine) => {
  test('sound, words and calls are kept for their days, and a call that goes on is kept whole', async () => {
    const store = await open(await newStoreSettings(engine))
    await fill(store, 'CA29', 29)
    await fill(store, 'CA31', 31)
    await fill(store, 'CA91', 91)
    await fill(store, 'CA366', 366)
    await fill(store, 'CAruns', 100, { endedAt: null })
    await sweep(store, DAYS)
    expect(await left(store, 'CA29')).toEqual(ALL)
    expect(await left(store, 'CA31')).toEqual(NO_AUDIO)
    expect(await left(store, 'CA91')).toEqual(NO_WORDS)
    expect(await left(store, 'CA366')).toEqual(NOTHING)
    expect(await left(store, 'CAruns')).toEqual(ALL)
    // Nothing is left to do, and nothing is done to what is kept.
    await sweep(store, DAYS)
    expect(await left(store, 'CA31')).toEqual(NO_AUDIO)
    expect(await left(store, 'CA91')).toEqual(NO_WORDS)
  })

  test('more calls than one statement takes are swept, also those that began at the same time', async () => {
    const store = await open(await newStoreSettings(engine))
    const calls = Array.from({ length: 130 }, (_, at) => aCall(`CA${at}`, { startedAt: daysAgo(400) }))
    const some = Array.from({ length: 130 }, (_, at) => aCall(`CB${at}`, { startedAt: daysAgo(100) }))
    await store.db
      .insertInto('calls')
      .values([...calls, ...some])
      .execute()
    await store.db
      .insertInto('turns')
      .values(some.map(({ id }) => aTurn(id)))
      .execute()
    await sweep(store, DAYS)
    expect(await store.db.selectFrom('calls').select('id').execute()).toHaveLength(130)
    expect(await store.db.selectFrom('turns').select('callId').execute()).toEqual([])
  })

  test('a process looks at each call once, and at those that have come of age since', async () => {
    const store = await open(await newStoreSettings(engine))
    const swept = { audio: 0, words: 0 }
    await fill(store, 'CA91', 91)
    await fill(store, 'CA89', 89)
    await sweep(store, DAYS, swept)
    expect(await left(store, 'CA89')).toEqual(NO_AUDIO)
    expect(swept.words).toBeGreaterThan(daysAgo(91))
    await sweep(store, { ...DAYS, wordsDays: 88 }, swept)
    expect(await left(store, 'CA89')).toEqual(NO_WORDS)
  })

  test('marks of erased calls are kept for a day', async () => {
    const store = await open(await newStoreSettings(engine))
    const marks = [
      { callId: 'CAold', erasedAt: daysAgo(1.1) },
      { callId: 'CAnew', erasedAt: daysAgo(0.9) }
    ]
    await store.db.insertInto('erased').values(marks).execute()
    await sweep(store, DAYS)
    expect(await store.db.selectFrom('erased').select('callId').execute()).toEqual([{ callId: 'CAnew' }])
  })

  test('a recording whose call is not in the store is deleted after its days', async () => {
    const store = await open(await newStoreSettings(engine))
    await utimes(await recordingFile(store.dataDir, 'CAold'), daysAgo(31) / 1_000, daysAgo(31) / 1_000)
    await utimes(await recordingFile(store.dataDir, 'CAnew'), daysAgo(29) / 1_000, daysAgo(29) / 1_000)
    await sweep(store, DAYS)
    expect(await left(store, 'CAold')).toMatchObject({ file: 0 })
    expect(await left(store, 'CAnew')).toMatchObject({ file: 1 })
  })

  test('a server that starts sweeps its store with its own days', async () => {
    const settings = await newStoreSettings(engine)
    const store = await open(settings)
    await fill(store, 'CA10', 10)
    await fill(store, 'CA20', 20)
    const env = { KEEP_AUDIO_DAYS: '5', KEEP_WORDS_DAYS: '15', KEEP_CALLS_DAYS: '30' }
    await startHouse({ env, overrides: { store: await open(settings) } })
    await expect.poll(() => left(store, 'CA20'), { timeout: 5_000 }).toEqual(NO_WORDS)
    await expect.poll(() => left(store, 'CA10'), { timeout: 5_000 }).toEqual(NO_AUDIO)
  })
})
