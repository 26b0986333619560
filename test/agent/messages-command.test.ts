import { expect, test } from 'vitest'
import { messageBook } from '../../src/agent/messages.ts'
import { storeOf } from '../../src/agent/store.ts'
import { agentItems } from '../../src/records/agent-items.ts'
import type { StoreSettings } from '../../src/store/open.ts'
import { startScript } from '../simulator/script-process.ts'
import { ENGINES, newFolder, newStoreSettings, open } from '../stores.ts'
import { fakeCall } from './rehearsal.ts'

/** `npm run messages`, without a key for the model, as in a folder that has no .env. */
async function messages({ dataDir, databaseUrl = '' }: Partial<StoreSettings>) {
  const env = { DATA_DIR: dataDir, DATABASE_URL: databaseUrl }
  const script = startScript('src/commands/messages.ts', [], env, await newFolder())
  const code = await script.ended
  return { code, lines: script.lines.all }
}

test.each(ENGINES)('the messages in %s are printed beside a server that runs, the newest last', async (engine) => {
  const settings = await newStoreSettings(engine)
  const items = agentItems(await open(settings))
  expect(await messages(settings)).toMatchObject({
    code: 0,
    lines: [expect.stringMatching(/^no message has been taken/)]
  })
  for (const [callSid, from, text] of [
    ['CA1', 'Ann', 'My crown came off.'],
    ['CA2', 'Bob', 'Clear\u001b[2J the screen,\nplease.']
  ] as const) {
    const store = storeOf(() => ({ callSid, caller: undefined }), items)
    await messageBook.add(
      { from, phone: callSid === 'CA1' ? '+15551230001' : undefined, text },
      fakeCall({ store }).call
    )
  }
  const { code, lines } = await messages(settings)
  expect(lines).toEqual([
    expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}Ann, \+15551230001 {2}\(CA1\)$/),
    '  My crown came off.',
    '',
    expect.stringMatching(/ {2}Bob, no number {2}\(CA2\)$/),
    '  Clear [2J the screen, please.',
    ''
  ])
  expect(code).toBe(0)
})

test.each([
  ['is none', 'mysql://root@127.0.0.1/calls', /^DATABASE_URL: expected a URL like postgres:/],
  [
    'is not there',
    'postgres://nobody@127.0.0.1:1/calls',
    /^DATABASE_URL: the store 127\.0\.0\.1:1\/calls cannot be used/
  ]
])('a database that %s is told in one line', async (_what, databaseUrl, line) => {
  const { code, lines } = await messages({ dataDir: await newFolder(), databaseUrl })
  expect(lines).toEqual([expect.stringMatching(line)])
  expect(code).toBe(1)
})
