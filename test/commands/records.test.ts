import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { StoreSettings } from '../../src/store/open.ts'
import { aCall, anEvent, anItem, aTurn } from '../records/rows.ts'
import { startScript } from '../simulator/script-process.ts'
import { ENGINES, newFolder, newStoreSettings, open } from '../stores.ts'

/** One of the commands, without a key for the model, as in a folder that has no .env. */
async function run(command: string, args: string[], { dataDir, databaseUrl = '' }: StoreSettings) {
  const env = { DATA_DIR: dataDir, DATABASE_URL: databaseUrl, TZ: 'UTC' }
  const script = startScript(`src/commands/${command}.ts`, args, env, await newFolder())
  const code = await script.ended
  return { code, lines: script.lines.all, text: script.lines.all.join('\n') }
}

const NUMBER = '+15557654321'

/** Two calls, of which one goes on. */
async function twoCalls(engine: (typeof ENGINES)[number]) {
  const settings = await newStoreSettings(engine)
  const store = await open(settings)
  const { db } = store
  const running = { endedAt: null, endReason: null, fault: null, from: null, firstAudioMs: null, responseP50Ms: null }
  await db
    .insertInto('calls')
    .values([aCall('CA1', { from: NUMBER, bargeIns: 1 }), aCall('CA2', { startedAt: 90_000, ...running })])
    .execute()
  const answer = { who: 'agent', agent: 'Triage Agent', voiceEnd: 600, heard: 1_400, tool: 1 } as const
  const turns = [
    aTurn('CA1', { startMs: 100, text: 'Are you \u001b[2J open?' }),
    aTurn('CA1', { ...answer, id: 'item_2', startMs: 1_400, text: 'Yes, we', cut: 1, heardMs: 500, sentMs: 2_000 })
  ]
  await db.insertInto('turns').values(turns).execute()
  const events = [
    { seq: 1, atMs: 700, type: 'tool_started', data: '{"run":1,"name":"hours","arguments":"{\\"day\\":1}"}' },
    { seq: 2, atMs: 900, type: 'tool_finished', data: '{"run":1,"name":"hours","ms":9,"result":"Nine to five."}' },
    // Its words have been deleted.
    { seq: 3, atMs: 2_000, type: 'tool_started', data: '{}' },
    { seq: 4, atMs: 60_000, type: 'ended', data: '{"reason":"caller_hung_up"}' }
  ]
  await db
    .insertInto('events')
    .values(events.map((event) => anEvent('CA1', event)))
    .execute()
  const counts = { textIn: 0, audioIn: 1_000, cachedText: 0, cachedAudio: 0, textOut: 0, audioOut: 1_000, seconds: 0 }
  await db
    .insertInto('usage')
    .values({ callId: 'CA1', stream: 'MZ1', seq: 9, responseId: 'resp_1', model: 'gpt-realtime-2.1', ...counts })
    .execute()
  await db
    .insertInto('agentItems')
    .values(anItem('a message', { caller: NUMBER }))
    .execute()
  return { settings, store }
}

describe.each(ENGINES)('on %s', (engine) => {
  test('npm run calls lists the last calls and tells one of them', async () => {
    const { settings } = await twoCalls(engine)
    const [list, one, none] = await Promise.all([
      run('calls', [], settings),
      run('calls', ['CA1'], settings),
      run('calls', ['--find', 'nothing of the kind'], settings)
    ])
    expect(list.lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['when', 'who', 'how long', 'why it ended', 'fault', 'first word', 'response', 'cost', 'call'],
      ['1970-01-01 00:01', 'withheld', expect.stringMatching(/^it goes on/), '$0.000', 'CA2'],
      ['1970-01-01 00:00', NUMBER, '1:00', 'caller_hung_up', 'caller', '0.40 s', '0.80 s', '$0.096', 'CA1']
    ])
    expect(list.code).toBe(0)
    expect(one.text).toMatch(/^ +s {2}who +what\n +0\.1 {2}caller {2}Are you \[2J open\?\n/)
    expect(one.text).toContain(
      '   0.7  agent   calls the tool hours {"day":1}\n   0.9  server  hours answers: Nine to five.'
    )
    expect(one.text).toContain('   1.4  agent   Yes, we (after 0.80 s, with a tool; cut, 0.50 s of 2.00 s were heard)')
    expect(one.text).toContain('   2.0  agent   calls the tool whose name is deleted')
    expect(one.text).toMatch(/^Cost +\$0\.096, and \$0\.013 for the line, roughly$/m)
    expect(none).toMatchObject({ code: 0, lines: [expect.stringMatching(/^No such call is kept in /)] })
  })
})

test('npm run export writes a caller’s file, and npm run erase forgets them', async () => {
  const { settings, store } = await twoCalls('SQLite')
  const out = join(await newFolder(), 'caller.json')
  expect(await run('export', ['--caller', NUMBER, '--out', out], settings)).toMatchObject({
    code: 0,
    lines: [`1 call is in ${out}.`]
  })
  expect(JSON.parse(await readFile(out, 'utf8'))).toMatchObject({ number: NUMBER, calls: [{ call: { id: 'CA1' } }] })
  expect((await stat(out)).mode & 0o777).toBe(0o600)
  const dry = await run('erase', ['--caller', NUMBER, '--dry-run'], settings)
  expect(dry).toMatchObject({ code: 0, lines: ['There is this to erase: 1 call and 1 message or appointment.'] })
  expect(await run('erase', ['--caller', NUMBER], settings)).toMatchObject({
    code: 0,
    lines: ['Erased: 1 call and 1 message or appointment.']
  })
  expect(await run('erase', ['--call', 'CA2'], settings)).toMatchObject({ code: 0 })
  expect(await store.db.selectFrom('calls').select('id').execute()).toEqual([])
  const audit = await store.db.selectFrom('audit').select(['action', 'calls', 'address']).orderBy('at').execute()
  expect(audit).toEqual(['export', 'erase', 'erase'].map((action) => ({ action, calls: 1, address: 'command' })))
})

test('what is wrong with a command is told in one sentence', async () => {
  const settings = await newStoreSettings('SQLite')
  await open(settings)
  const wrong = [
    ['calls', ['CA9'], 1, /^no call CA9 is kept in .*calls\.sqlite$/],
    ['calls', ['--nope'], 2, /^Unknown option '--nope'\. --help lists what there is\.$/],
    ['erase', [], 2, /^expected either --call CA… or --caller \+15551230001\./],
    ['erase', ['--caller', '0171 123'], 1, /^a number has to be written with its country/],
    ['export', ['--caller', NUMBER, '--out', '/no/such/folder/file'], 2, /^--out: .* cannot be written: ENOENT\.$/]
  ] as const
  const said = await Promise.all(wrong.map(([command, args]) => run(command, [...args], settings)))
  expect(said).toEqual(
    wrong.map(([, , code, line]) => ({ code, lines: [expect.stringMatching(line)], text: expect.any(String) }))
  )
})

test('a folder without a store is told, and none is made there', async () => {
  const dataDir = join(await newFolder(), 'mistaken')
  const { code, lines } = await run('calls', [], { dataDir, databaseUrl: undefined })
  expect(lines).toEqual([expect.stringMatching(/^DATA_DIR: no call has been kept yet in .*mistaken\/calls\.sqlite$/)])
  expect(code).toBe(1)
  await expect(stat(dataDir)).rejects.toThrow('ENOENT')
})
