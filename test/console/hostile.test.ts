import { describe, expect, test } from 'vitest'
import { Calls, ErrorAnswer, Items, WholeCall } from '../../src/console/schemas.ts'
import { aCall, anEvent, anItem, aTurn } from '../records/rows.ts'
import { ENGINES } from '../stores.ts'
import { ask, get, refusal, startConsole } from './console.ts'

const LONG = 'x'.repeat(10_000)

describe.each(ENGINES)('on %s', (engine) => {
  test('what cannot be is a 400 that says what was expected and what came', async () => {
    const { house } = await startConsole(engine)
    const bad: readonly [url: string, says: string][] = [
      ['/api/calls?limit=0', 'limit: expected a whole number from 1 to 200; got "0"'],
      ['/api/calls?limit=many', 'limit: expected a whole number from 1 to 200; got "many"'],
      ['/api/calls?limit=1&limit=2', 'limit: expected a whole number from 1 to 200; got ["1","2"]'],
      ['/api/calls?fault=nobody', 'fault: Invalid option'],
      ['/api/calls?reason=because', 'reason: Invalid option'],
      ['/api/calls?number=0171', 'number: expected a number like +15551230001; got "0171"'],
      ['/api/calls?minResponseMs=-1', 'minResponseMs: expected milliseconds from 0 to 3600000; got "-1"'],
      ['/api/calls?q=%00', 'q: expected text without NUL'],
      ['/api/calls?agent=a%00b', 'agent: expected text without NUL'],
      ['/api/calls?q=', 'q: '],
      [`/api/calls?q=${LONG}`, 'q: '],
      ['/api/calls?cursor=x', 'the cursor is none that a page has given'],
      [`/api/calls?cursor=${LONG}`, 'cursor: '],
      [`/api/calls?cursor=${Buffer.from('99999999999999999.CA1').toString('base64url')}`, 'the cursor is none'],
      ['/api/calls?drop=table', 'Unrecognized key: "drop"'],
      ['/api/calls.csv?cursor=x', 'Unrecognized key: "cursor"'],
      ['/api/calls/CA1?full=1', 'Unrecognized key: "full"'],
      ['/api/calls/CA1%2F..%2Fx', 'callSid: expected the id of a call'],
      ['/api/calls/CA%00', 'callSid: expected the id of a call'],
      ['/api/callers/anonymous', 'number: expected a number like +15551230001; got "anonymous"'],
      ['/api/stats?days=0', 'days: expected days from 1 to 366; got "0"'],
      ['/api/items?cursor=WzEsIg', 'the cursor is none that a page has given'],
      ['/api/items?kind=%00', 'kind: expected text without NUL'],
      ['/api/calls/CA1/peaks?perSecond=1e9', 'perSecond: expected a whole number from 1 to 100; got "1e9"']
    ]
    for (const [url, says] of bad) {
      const { status, code, message } = await refusal(house, { url })
      expect([url.slice(0, 60), status, code]).toEqual([url.slice(0, 60), 400, 'bad_request'])
      expect(message).toContain(says)
      expect(message.length).toBeLessThan(400)
    }
    const bodies: readonly [url: string, payload: unknown, says: string][] = [
      ['/api/calls/CA1/say', { text: '' }, 'text: '],
      ['/api/calls/CA1/say', { text: LONG }, 'text: '],
      ['/api/calls/CA1/say', { text: 'a\0b' }, 'text: expected text without NUL'],
      ['/api/calls/CA1/say', { text: '\ud800' }, 'text: expected text without NUL'],
      ['/api/calls/CA1/say', { text: 'a', loud: true }, 'Unrecognized key: "loud"'],
      ['/api/calls/CA1/say', { text: 7 }, 'text: '],
      ['/api/calls/CA1/transfer', { target: '__proto__' }, 'target: TRANSFER_TARGETS is not set']
    ]
    for (const [url, payload, says] of bodies) {
      const { status, message } = await refusal(house, { method: 'POST', url, payload: payload as object })
      expect([JSON.stringify(payload).slice(0, 60), status]).toEqual([JSON.stringify(payload).slice(0, 60), 400])
      expect(message).toContain(says)
    }
    const text = { 'content-type': 'text/plain' }
    const raw = await ask(house, { method: 'POST', url: '/api/calls/CA1/say', headers: text, payload: 'text=hello' })
    expect([raw.statusCode, ErrorAnswer.parse(raw.json()).error.code]).toEqual([400, 'bad_request'])
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const posted = await ask(house, { method: 'POST', url: '/api/calls/CA1/say', headers: form, payload: 'text=a' })
    expect(posted.statusCode).toBe(415)
    const broken = { 'content-type': 'application/json' }
    const json = await ask(house, { method: 'POST', url: '/api/calls/CA1/say', headers: broken, payload: '{"text":' })
    expect([json.statusCode, ErrorAnswer.parse(json.json()).error.code]).toEqual([400, 'bad_request'])
    const huge = await ask(house, { method: 'POST', url: '/api/calls/CA1/say', payload: { text: 'x'.repeat(70_000) } })
    expect([huge.statusCode, ErrorAnswer.parse(huge.json()).error.code]).toEqual([413, expect.any(String)])
  })

  test('whatever stands in names, words, tools and messages comes out as it went in', async () => {
    const { house, store } = await startConsole(engine)
    const rtl = '\u202Egnirts\u202C <img src=x onerror=alert(1)> \uFFFD \u2028 "\\'
    await store.db
      .insertInto('calls')
      .values([aCall('CA1', { agent: LONG, from: rtl, parameters: JSON.stringify({ __proto__: 'x', [rtl]: rtl }) })])
      .execute()
    await store.db
      .insertInto('turns')
      .values(aTurn('CA1', { text: rtl, generatedText: LONG }))
      .execute()
    const data = JSON.stringify({ name: rtl, result: LONG, seq: 'not a number', type: 'spoofed' })
    await store.db
      .insertInto('events')
      .values(anEvent('CA1', { type: 'tool_finished', data }))
      .execute()
    await store.db
      .insertInto('agentItems')
      .values(anItem(rtl, { key: 'k' }))
      .execute()
    const { calls } = await get(house, '/api/calls', Calls)
    expect(calls[0]).toMatchObject({ agent: LONG, from: rtl, parameters: { [rtl]: rtl } })
    const whole = await get(house, '/api/calls/CA1', WholeCall)
    expect(whole.turns).toMatchObject([{ text: rtl, generatedText: LONG }])
    expect(whole.events).toMatchObject([{ type: 'tool_finished', seq: 1, name: rtl, result: LONG }])
    expect((await get(house, '/api/items', Items)).items).toMatchObject([{ data: { text: rtl } }])
    expect((await get(house, `/api/calls?q=${encodeURIComponent('\u202Egnirts')}`, Calls)).calls).toHaveLength(1)
  })
})
