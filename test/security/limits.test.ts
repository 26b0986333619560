import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { MediaStream } from '../../src/twilio/media-stream.ts'
import {
  distinctSound,
  eventually,
  type House,
  receivesAudio,
  startFrame,
  startHouse,
  tokenFor,
  webhook
} from '../house.ts'
import { AUTH_TOKEN, FORM, httpRequest, PUBLIC, RINGING, Stranger, sign, TERSE, TUNNEL, UPGRADE } from './stranger.ts'

const locked = { env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } }
const BUSY = [{ name: 'Reject', attributes: { reason: 'busy' } }]
const CONNECTED = [{ name: 'Connect' }]

const NEW_CALLS = 'too many calls a minute from this number'

describe('new calls of one number', () => {
  const two = { env: { MAX_CALLS_PER_CALLER: '2' } }
  const ring = (house: House, CallSid: string, more: Record<string, string> = {}) =>
    webhook(house, { ...RINGING, CallSid, ...more })

  test('are taken up to the limit; beyond it the caller hears busy, no model is opened, and others are taken', async () => {
    const house = await startHouse(two)
    expect(await ring(house, 'CA1')).toMatchObject(CONNECTED)
    expect(await ring(house, 'CA2')).toMatchObject(CONNECTED)
    expect(await ring(house, 'CA3')).toMatchObject(BUSY)
    expect(await house.log.next(({ level }) => level === 40)).toMatchObject({ callSid: 'CA3', why: NEW_CALLS })
    expect(house.app.calls.warm.size).toBe(2)
    expect(await ring(house, 'CA4', { From: '+15550000000' })).toMatchObject(CONNECTED)
  })

  test('beyond the limit are put through where there is somebody', async () => {
    const house = await startHouse({ env: { MAX_CALLS_PER_CALLER: '1', FALLBACK_NUMBER: '+15551230009' } })
    await ring(house, 'CA1')
    expect(await ring(house, 'CA2')).toMatchObject([{ name: 'Dial', text: '+15551230009' }, { name: 'Hangup' }])
  })

  test('count once, however often Twilio asks', async () => {
    const house = await startHouse(two)
    await Promise.all([...'abcde'].map(() => ring(house, 'CA1')))
    for (let again = 0; again < 5; again += 1) expect(await ring(house, 'CA1')).toMatchObject(CONNECTED)
    expect(await ring(house, 'CA2')).toMatchObject(CONNECTED)
    expect(await ring(house, 'CA3')).toMatchObject(BUSY)
    // Whoever has a line keeps it.
    expect(await ring(house, 'CA1')).toMatchObject(CONNECTED)
  })

  test('are counted together for all who withhold their number', async () => {
    const house = await startHouse(two)
    for (const callSid of ['CA1', 'CA2']) expect(await ring(house, callSid, { From: '' })).toMatchObject(CONNECTED)
    expect(await ring(house, 'CA3', { From: '' })).toMatchObject(BUSY)
    expect(await ring(house, 'CA4')).toMatchObject(CONNECTED)
  })

  test('are counted for the person who is called, when it is we who call', async () => {
    const house = await startHouse(two)
    const call = (callSid: string, To: string) => ring(house, callSid, { Direction: 'outbound-api', To })
    for (const callSid of ['CA1', 'CA2', 'CA3'])
      expect(await call(callSid, `+1555${callSid[2]}000000`)).toMatchObject(CONNECTED)
    for (const callSid of ['CA4', 'CA5']) expect(await call(callSid, '+15557654321')).toMatchObject(CONNECTED)
    expect(await call('CA6', '+15557654321')).toMatchObject(BUSY)
  })

  test('are not what a caller makes who comes back to the agent', async () => {
    const house = await startHouse({
      model: TERSE,
      env: { MAX_CALLS_PER_CALLER: '1', TRANSFER_TARGETS: 'billing=+15551230007' }
    })
    const { phone, session } = await house.connect({ dial: () => ({ status: 'no-answer' }) })
    await session.say({ ms: 40, transcript: 'I put you through.' })
    await session.callTool('put_through', { person: 'billing', reason: '' })
    const back = await house.model.nextSession(10_000)
    await back.receives('session.update')
    expect(phone.verbs.all.map(({ name }) => name)).toEqual(['Connect', 'Dial', 'Connect'])
  })
})

describe('an address that is refused again and again', () => {
  const hour = { ...FORM, 'X-Twilio-Signature': 'x' }

  test('gets 429 after sixty times a minute, and the log says so once', async () => {
    const house = await startHouse(locked)
    const statuses: number[] = []
    for (let count = 0; count < 70; count += 1) {
      const line = ['GET /nowhere', 'GET /incoming-call', 'POST /call-ended', 'GET /media-stream'][count % 4] ?? ''
      const headers = line.endsWith('stream') ? UPGRADE : line.startsWith('POST') ? hour : {}
      statuses.push(await Stranger.ask(house.url, httpRequest(line, headers)))
    }
    expect(new Set(statuses.slice(0, 60))).toEqual(new Set([403, 404]))
    expect(new Set(statuses.slice(60))).toEqual(new Set([429]))
    const said = house.log.all.filter(({ limit }) => limit !== undefined)
    expect(said).toMatchObject([{ level: 40, limit: 'refusals a minute' }])
    // What is refused beyond the limit costs no line.
    const count = house.log.all.filter(({ level }) => level > 20).length
    await Stranger.ask(house.url, httpRequest('POST /incoming-call', hour))
    expect(house.log.all.filter(({ level }) => level > 20)).toHaveLength(count)
  })

  test('is told when to come again, in an answer with no words', async () => {
    const house = await startHouse(locked)
    for (let count = 0; count < 60; count += 1) await fetch(`${house.url}/nowhere`)
    const reply = await fetch(`${house.url}/nowhere`)
    expect([reply.status, await reply.text()]).toEqual([429, ''])
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('is not heard of by Twilio, whose calls come from the same proxy, nor by the probes', async () => {
    const house = await startHouse(locked)
    for (let count = 0; count < 70; count += 1) await Stranger.ask(house.url, httpRequest('GET /nowhere', {}))
    const form = new URLSearchParams(RINGING).toString()
    const signed = (path: string) => ({ ...TUNNEL, ...FORM, 'X-Twilio-Signature': sign(`${PUBLIC}${path}`, RINGING) })
    for (let count = 0; count < 200; count += 1) {
      const path = count % 2 ? '/incoming-call' : '/call-ended'
      const reply = await fetch(`${house.url}${path}`, { method: 'POST', headers: signed(path), body: form })
      expect(reply.status).toBe(200)
    }
    const upgrade = { ...TUNNEL, ...UPGRADE, 'X-Twilio-Signature': sign('wss://agent.example.com/media-stream') }
    expect(await Stranger.ask(house.url, httpRequest('GET /media-stream', upgrade))).toBe(101)
    expect((await fetch(`${house.url}/health`)).status).toBe(200)
  })
})

describe('a request that is too large', () => {
  const chunk = 'x'.repeat(8_192)
  test.each([
    ['says so', 413, httpRequest('POST /incoming-call', { ...FORM, 'Content-Length': '70000' })],
    [
      'does not say so',
      413,
      `${httpRequest('POST /incoming-call', { ...FORM, 'Transfer-Encoding': 'chunked' })}${`2000\r\n${chunk}\r\n`.repeat(9)}`
    ],
    ['is all headers', 431, httpRequest('GET /', { 'X-Much': 'x'.repeat(20_000) })],
    [
      'is no form',
      415,
      httpRequest('POST /incoming-call', { 'Content-Type': 'application/json' }, '{"CallSid":"CA1"}')
    ],
    ['is no HTTP', 400, '\u0016\u0003\u0001\u0002\r\n\r\n']
  ])('and %s is answered %i', async (_what, status, request) => {
    const house = await startHouse(locked)
    expect(await Stranger.ask(house.url, request)).toBe(status)
    expect(house.model.handshakes.all).toEqual([])
  })
})

test('connections beyond what the calls can need are turned away, and the log says so once', async () => {
  const house = await startHouse({ model: TERSE, env: { MAX_CALLS: '1' } })
  const { phone, session } = await house.connect()
  const strangers = Array.from({ length: 270 }, () => new Stranger(house.url))
  // 258 in all, and one of them is the call's.
  await eventually(
    () => strangers.filter(({ isClosed }) => isClosed).length,
    (closed) => closed >= 13
  )
  const said = house.log.all.filter(({ limit }) => limit === 'connections')
  expect(said).toMatchObject([{ level: 40, maxConnections: 258 }])
  await session.say({ ms: 40 })
  await phone.frames.next(({ event }) => event === 'media')
})

describe('a stream', () => {
  /** A caller's stream by hand, which can stop reading and send what ws does not. */
  async function openStream(house: House): Promise<WebSocket> {
    const socket = house.bareStream()
    await new Promise((resolve) => socket.once('open', resolve))
    const customParameters = tokenFor(house.app, 'CA1')
    socket.send(JSON.stringify(startFrame({ streamSid: 'MZ1', callSid: 'CA1', customParameters })))
    return socket
  }

  test('with a frame over 64 KiB is closed, the log says why, and a call beside it goes on', async () => {
    const house = await startHouse({ model: TERSE })
    const { phone, session } = await house.connect()
    const other = await house.stream({ callSid: 'CAother' })
    await house.answered.next()
    other.sendFrame({ event: 'media', streamSid: other.streamSid, media: { payload: 'A'.repeat(64 * 1024) } })
    await other.ended
    expect(await house.log.next(({ limit }) => limit !== undefined)).toMatchObject({
      level: 40,
      limit: 'bytes a frame'
    })
    await session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
  })

  test('that is flooded with pings is closed', async () => {
    const house = await startHouse()
    const socket = await openStream(house)
    let answered = 0
    socket.on('pong', () => {
      answered += 1
    })
    // Fewer at once than ws leaves unanswered, so that it is the rate that is too much and not the client's silence.
    for (let sent = 0; sent < 4_000 && socket.readyState === WebSocket.OPEN; sent += 40) {
      for (let more = 0; more < 40; more += 1) socket.ping()
      await eventually(
        () => answered >= sent + 40 || socket.readyState !== WebSocket.OPEN,
        (isOver) => isOver
      )
    }
    expect(await house.records.next()).toMatchObject({ endReason: 'stream_abused' })
    expect(await house.log.next(({ limit }) => limit !== undefined)).toMatchObject({ limit: 'frames a second' })
  })

  test('whose caller stops reading is closed', async () => {
    const house = await startHouse()
    const socket = await openStream(house)
    const call = await house.answered.next()
    await eventually(
      () => call.caller.streamSid,
      (streamSid) => streamSid !== undefined
    )
    socket.pause()
    // Ten seconds of sound at a time, and taken back so that it is not too far ahead, until the kernel is full.
    const payload = Buffer.alloc(80_000).toString('base64')
    for (let sent = 0; sent < 1_000 && call.state.name !== 'ended'; sent += 1) {
      call.caller.play(payload, { item: 'item_1' })
      call.caller.clear()
    }
    expect(await house.records.next()).toMatchObject({ endReason: 'stream_abused' })
    expect(await house.log.next(({ limit }) => limit !== undefined)).toMatchObject({ limit: 'unread bytes' })
    socket.terminate()
  })

  test('whose model is not there holds so much audio and no more, the newest', async () => {
    const house = await startHouse({ env: { MODEL_RECONNECT_MS: '4000' }, model: { openMs: 1_500 } })
    const stream = await house.stream({ start: false })
    const call = await house.answered.next()
    const { streamSid } = stream
    stream.sendFrame(startFrame(stream))
    const sound = distinctSound(20_000)
    // A second a frame: twenty of them are twice what is held.
    for (let at = 0; at < sound.length; at += 8_000) {
      const payload = sound.subarray(at, at + 8_000).toString('base64')
      stream.sendFrame({ event: 'media', streamSid, media: { payload } })
    }
    const session = await house.model.nextSession()
    await receivesAudio(session, 9_000)
    expect(session.audio.equals(sound.subarray(11_000 * 8))).toBe(true)
    expect((call.caller as MediaStream).droppedMs).toBe(11_000)
  })
})
