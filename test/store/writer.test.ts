import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { compareSound } from '../../simulator/sound/compare.ts'
import { PhoneCall } from '../../simulator/telephone/telephone.ts'
import { openStore } from '../../src/store/open.ts'
import { hears, obliging, quiet, says, speak } from '../call/manners/scene.ts'
import { startHouse } from '../house.ts'
import { startPostgres } from '../postgres.ts'
import { lanesOf, recordingOf } from '../records/kept.ts'
import { authToken, runServer, startServer } from '../server-process.ts'
import { ENGINES, newDatabase, newFolder, newStoreSettings, open } from '../stores.ts'

const LIMIT_MS = 8_000
const AWAY = 'the store cannot be written: records wait in memory'
const BACK = 'the store can be written again'
const model = obliging(({ transcript }) => [says(`You said: ${transcript}`)])

test('a full disk is said once, the call goes on, and what waits is written when there is room', async () => {
  const settings = await newStoreSettings('SQLite')
  const store = await open(settings)
  const house = await startHouse({ model, overrides: { store }, provokes: ['the log'] })
  const { phone, call, session } = await house.connect()
  const reader = await open(settings)
  const texts = async () => (await reader.db.selectFrom('turns').select('text').execute()).map(({ text }) => text)
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(store.db)
  // SQLite allows no limit below what is used already.
  await sql`pragma max_page_count = ${sql.lit(rows[0]?.page_count ?? 1)}`.execute(store.db)
  const long = 'x'.repeat(60_000)
  speak(session, long)
  await house.log.next(({ msg }) => msg === AWAY)
  await hears(phone, 190)
  await quiet(call)
  speak(session, 'Are you still there?')
  await hears(phone, 390)
  await quiet(call)
  expect(await texts()).not.toContain('Are you still there?')
  await sql`pragma max_page_count = 1000000`.execute(store.db)
  await house.log.next(({ msg, dropped }) => msg === BACK && dropped === 0, LIMIT_MS)
  await expect.poll(texts, { timeout: LIMIT_MS }).toEqual(expect.arrayContaining([long, 'Are you still there?']))
  expect(house.log.all.filter(({ msg }) => msg === AWAY)).toHaveLength(1)
})

test('a PostgreSQL that is stopped and started in the middle of a recorded call: nothing is lost, nobody waits', async () => {
  const server = await startPostgres()
  try {
    const databaseUrl = await newDatabase(server.url)
    const store = await openStore({ databaseUrl, dataDir: '/nowhere' })
    const house = await startHouse({
      env: { RECORDING: 'announce' },
      ...{ model, overrides: { store }, provokes: ['the log'] }
    })
    const { phone, call, session } = await house.connect()
    await server.pause()
    speak(session, 'While it is away.')
    await house.log.next(({ msg }) => msg === AWAY, LIMIT_MS)
    await hears(phone, 190)
    await quiet(call)
    expect((await fetch(`${house.url}/ready`)).status).toBe(200)
    await server.resume()
    await house.log.next(({ msg }) => msg === BACK, LIMIT_MS)
    const reader = await openStore({ databaseUrl, dataDir: '/nowhere' })
    const texts = async () => (await reader.db.selectFrom('turns').select('text').execute()).map(({ text }) => text)
    await expect
      .poll(texts, { timeout: LIMIT_MS })
      .toEqual(expect.arrayContaining(['While it is away.', 'You said: While it is away.']))
    phone.hangUp()
    await call.ended
    const tape = phone.recorded('start').agent
    await house.app.close()
    const { agent } = lanesOf((await recordingOf(reader, phone.callSid)) ?? Buffer.alloc(0))
    await reader.close()
    const { commonMs, missingMs } = compareSound(tape, agent)
    expect(commonMs).toBeGreaterThan(150)
    expect(missingMs).toBeLessThan(50)
  } finally {
    await server.stop()
  }
})

describe.each(ENGINES)('on %s', (engine) => {
  test('a call that still runs is not closed by another server, even if it is quiet', async () => {
    const settings = await newStoreSettings(engine)
    const first = await startHouse({ model, overrides: { store: await open(settings) } })
    const { phone } = await first.connect()
    const store = await open(settings)
    const call = () => store.db.selectFrom('calls').selectAll().where('id', '=', phone.callSid).executeTakeFirst()
    await expect.poll(call).toBeDefined()
    await startHouse({ model, overrides: { store: await open(settings) } })
    expect((await call())?.endedAt).toBeNull()
  })
})

describe('a store that cannot be used stops the start with one sentence that names the setting', () => {
  const env = { OPENAI_API_KEY: 'sk-test', TWILIO_AUTH_TOKEN: authToken, PORT: '0', HOST: '127.0.0.1' }

  test.each([
    ['not a URL', { DATABASE_URL: 'mysql://localhost/calls' }, /^DATABASE_URL: expected a URL like postgres:/],
    [
      'nobody there',
      { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/x' },
      /^DATABASE_URL: the store 127.0.0.1:1\/x .*REFUSED/
    ]
  ])('%s', async (_what, wrong, sentence) => {
    const server = await runServer({ ...env, ...wrong })
    const { code, complaints } = await server.exit
    expect(code).toBe(1)
    expect(complaints).toMatch(sentence)
    expect(complaints.trim().split('\n')).toHaveLength(1)
  })

  test('a damaged file', async () => {
    const dataDir = await newFolder()
    await writeFile(join(dataDir, 'calls.sqlite'), 'This is no database. '.repeat(500))
    await expect(openStore({ dataDir, databaseUrl: undefined })).rejects.toThrow(
      /^DATA_DIR: the store .*calls.sqlite cannot be used: file is not a database/
    )
  })

  test('a folder that is a file', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'data'), '')
    await expect(openStore({ dataDir: join(folder, 'data'), databaseUrl: undefined })).rejects.toThrow(/^DATA_DIR: /)
  })

  test.each(ENGINES)('a newer version’s, on %s', async (engine) => {
    const settings = await newStoreSettings(engine)
    const { db } = await open(settings)
    await sql`insert into kysely_migration (name, timestamp) values ('999_tomorrow', '2030-01-01')`.execute(db)
    await expect(openStore(settings)).rejects.toThrow(/written by a newer version of this server/)
  })
})

test('the folder of the store is made for its owner alone', async () => {
  const dataDir = join(await newFolder(), 'data')
  await open({ dataDir, databaseUrl: undefined })
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
})

test('with DATABASE_URL, TWILIO_AUTH_TOKEN and CONSOLE_TOKEN nothing is written to disk', async () => {
  const folder = await newFolder()
  const server = await startServer({
    ...{ DATABASE_URL: await newDatabase(), CONSOLE_TOKEN: 'the-token-of-the-console' },
    DATA_DIR: join(folder, 'nothing')
  })
  const phone = await PhoneCall.ring({ url: server.url, authToken })
  await phone.streaming
  phone.hangUp()
  expect(await readdir(folder)).toEqual([])
})
