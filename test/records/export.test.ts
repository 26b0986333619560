import { expect, test } from 'vitest'
import { BadRequest } from '../../src/records/caller-number.ts'
import { exportCaller } from '../../src/records/export.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'
import { aCall, anEvent, anItem, aTurn } from './rows.ts'

const NUMBER = '+15557654321'

test.each(ENGINES)(
  'everything that is kept of a caller is exported, nobody else’s, and it is audited: %s',
  async (engine) => {
    const store = await open(await newStoreSettings(engine))
    const { db } = store
    const calls = [
      aCall('CA1', { from: NUMBER, recording: 'kept', startedAt: 2_000 }),
      aCall('CA2', { to: NUMBER }),
      aCall('CA3')
    ]
    await db.insertInto('calls').values(calls).execute()
    await db
      .insertInto('turns')
      .values(['CA1', 'CA2', 'CA3'].map((id) => aTurn(id, { text: `words of ${id}` })))
      .execute()
    await db.insertInto('events').values(anEvent('CA1')).execute()
    const counts = { textIn: 1, audioIn: 2, cachedText: 0, cachedAudio: 0, textOut: 3, audioOut: 4, seconds: 0 }
    const usage = { callId: 'CA1', stream: 'MZ1', seq: 2, responseId: 'resp_1', model: 'gpt-realtime-2.1', ...counts }
    await db.insertInto('usage').values(usage).execute()
    const items = [
      anItem('theirs', { caller: NUMBER }),
      anItem('of their call', { callId: 'CA2', at: 2_000 }),
      anItem('not theirs')
    ]
    await db.insertInto('agentItems').values(items).execute()

    const all = await exportCaller(store, ` ${NUMBER} `, '192.0.2.7')
    expect(JSON.parse(JSON.stringify(all))).toEqual(all)
    expect(all).toMatchObject({
      number: NUMBER,
      exportedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      calls: [
        { call: { id: 'CA2' }, turns: [{ text: 'words of CA2' }], recordingFile: null },
        {
          call: { id: 'CA1' },
          turns: [{ text: 'words of CA1' }],
          recordingFile: 'CA1.wav',
          events: [{ type: 'live' }],
          usage: [counts]
        }
      ],
      items: [
        { kind: 'message', key: 'theirs', data: { text: 'theirs' }, at: '1970-01-01T00:00:01.000Z' },
        { key: 'of their call' }
      ]
    })
    expect(JSON.stringify(all)).not.toMatch(/CA3|not theirs/)
    const audit = await db.selectFrom('audit').select(['action', 'calls', 'address']).execute()
    expect(audit).toEqual([{ action: 'export', calls: 2, address: '192.0.2.7' }])

    expect(await exportCaller(store, '+15550000000', 'command')).toMatchObject({ calls: [], items: [] })
    await expect(exportCaller(store, 'anonymous', 'command')).rejects.toThrow(BadRequest)
  }
)
