import { validateRequest } from 'twilio/lib/webhooks/webhooks.js'
import { describe, expect, test } from 'vitest'
import { loudness, silence, tone } from '../../simulator/sound/mulaw.ts'
import { speak } from '../../simulator/sound/speech.ts'
import { PhoneCall, type RingOptions } from '../../simulator/telephone/telephone.ts'
import { connectTo, type Received, type ServerStream, startVoiceServer } from './voice-server.ts'

const AUTH_TOKEN = 'a-token-for-tests'
const WELL_BEHAVED = { '/after': '<Response><Hangup/></Response>' }

/** A call whose stream is open, seen from both ends. */
async function connected(options: Partial<RingOptions> = {}, inside = '', after = '') {
  const answers: Record<string, string> = { ...WELL_BEHAVED }
  const server = await startVoiceServer(answers)
  answers['/incoming-call'] = connectTo(server, inside, after ? '' : 'action="/after"', after)
  const call = await PhoneCall.ring({ url: server.url, ...options })
  await call.streaming
  const stream = await server.streams.next()
  await stream.next('start')
  return { server, call, stream }
}

function media(stream: ServerStream): Received[] {
  return stream.received.all.filter((frame) => frame.event === 'media')
}

async function mediaFrames(stream: ServerStream, count: number): Promise<Received[]> {
  for (let have = 0; have < count; have++) await stream.next('media')
  return media(stream).slice(0, count)
}

describe('the stream as the server sees it', () => {
  test('begins with the frames that Twilio sends, character for character', async () => {
    const { call, stream } = await connected({}, '<Parameter name="token" value="a&amp;b"/>')
    await stream.next('media')
    const { accountSid } = stream.received.all[1].start
    const { callSid, streamSid } = call
    expect(stream.received.all.slice(0, 3).map((frame) => JSON.stringify(frame))).toEqual([
      '{"event":"connected","protocol":"Call","version":"1.0.0"}',
      `{"event":"start","sequenceNumber":"1","start":{"accountSid":"${accountSid}","streamSid":"${streamSid}","callSid":"${callSid}","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"token":"a&b"}},"streamSid":"${streamSid}"}`,
      `{"event":"media","sequenceNumber":"2","media":{"track":"inbound","chunk":"1","timestamp":"155","payload":"${silence(20).toString('base64')}"},"streamSid":"${streamSid}"}`
    ])
    expect(streamSid).toMatch(/^MZ[0-9a-f]{32}$/)
    expect(call.customParameters).toEqual({ token: 'a&b' })
    call.hangUp()
    expect((await call.ended).errors).toEqual([])
  })

  test('carries silence while the caller says nothing, without a hole', async () => {
    const { call, stream } = await connected({ pace: 10 })
    const frames = await mediaFrames(stream, 50)
    call.hangUp()
    expect(frames.map(({ media }) => media.chunk)).toEqual(frames.map((_, at) => `${at + 1}`))
    expect(frames.map(({ media }) => media.timestamp)).toEqual(frames.map((_, at) => `${155 + at * 20}`))
    expect(frames.map(({ sequenceNumber }) => sequenceNumber)).toEqual(frames.map((_, at) => `${at + 2}`))
    expect(loudness(stream.sound)).toBeLessThan(0.001)
  })

  test('is never faster than its clock, and catches up when it was late', async () => {
    const { call, stream } = await connected({ pace: 4 })
    const startedAt = performance.now()
    await mediaFrames(stream, 20)
    const blockedUntil = performance.now() + 200
    while (performance.now() < blockedUntil);
    await mediaFrames(stream, 40)
    const elapsedMs = performance.now() - startedAt
    call.hangUp()
    const dueFrames = (elapsedMs * 4) / 20 + 2
    expect(media(stream).length).toBeLessThanOrEqual(Math.ceil(dueFrames) + 1)
    expect(media(stream).length).toBeGreaterThanOrEqual(60)
  })

  test('what the caller says arrives byte for byte, and in the order it was said', async () => {
    const { call, stream } = await connected({ pace: 20 })
    const speech = await speak('I would like to book a table.')
    const said = Promise.all([call.say('I would like to book a table.'), call.play(tone(100))])
    await said
    call.hangUp()
    await stream.closed
    expect(stream.sound.equals(call.spoke)).toBe(true)
    const at = stream.sound.indexOf(speech)
    expect(at).toBeGreaterThanOrEqual(0)
    expect(stream.sound.indexOf(tone(100))).toBeGreaterThanOrEqual(0)
    expect(at % 160).toBe(0)
  })

  test('a bad network loses what is said and shows in the timestamps only', async () => {
    const { call, stream } = await connected({ pace: 10 })
    await mediaFrames(stream, 5)
    call.gap(1_000)
    await mediaFrames(stream, 30)
    call.hangUp()
    const jumps = media(stream)
      .map(({ media }, at, all) => Number(media.timestamp) - Number(all[at - 1]?.media.timestamp ?? 135))
      .filter((ms) => ms !== 20)
    expect(jumps).toEqual([1_020])
    const chunks = media(stream).map(({ media }) => Number(media.chunk))
    expect(chunks).toEqual(chunks.map((_, at) => at + 1))
  })

  test('keys arrive one by one', async () => {
    const { call, stream } = await connected()
    call.press('1#')
    expect(await stream.next('dtmf')).toMatchObject({
      streamSid: call.streamSid,
      sequenceNumber: expect.stringMatching(/^\d+$/),
      dtmf: { track: 'inbound_track', digit: '1' }
    })
    expect((await stream.next('dtmf')).dtmf.digit).toBe('#')
    expect(() => call.press('1w')).toThrow('got "1w"')
    call.hangUp()
  })

  test.each([
    { signSlash: false, signed: '/media-stream' },
    { signSlash: true, signed: '/media-stream/' }
  ])('the upgrade is signed as wss://…$signed', async ({ signSlash, signed }) => {
    const { call, server } = await connected({ authToken: AUTH_TOKEN, signSlash })
    const [upgrade] = server.upgrades.all
    const signature = String(upgrade?.headers['x-twilio-signature'])
    expect(validateRequest(AUTH_TOKEN, signature, server.url.replace('http', 'wss') + signed, {})).toBe(true)
    call.hangUp()
  })
})

describe('playing to the caller', () => {
  test('a mark comes back when what stands before it has been heard', async () => {
    const { call, stream } = await connected()
    const startedAt = performance.now()
    stream.media(tone(200))
    stream.media(tone(200))
    stream.mark('item:400:g1')
    const { mark, streamSid } = await stream.next('mark')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(395)
    expect({ mark, streamSid }).toEqual({ mark: { name: 'item:400:g1' }, streamSid: call.streamSid })
    expect(call.bufferedMs).toBe(0)
    call.hangUp()
    await call.ended
    expect(soundIn(call.heard)).toBeCloseTo(400, -1)
  })

  test('a mark comes back at once when nothing is playing', async () => {
    const { call, stream } = await connected({ pace: 0.01 })
    stream.mark('now')
    expect((await stream.next('mark')).mark.name).toBe('now')
    call.hangUp()
  })

  test('clear cuts what is heard and sends every waiting mark back, in order', async () => {
    const { call, stream } = await connected()
    stream.media(tone(300))
    stream.mark('first')
    stream.media(tone(60_000))
    stream.mark('second')
    stream.mark('third')
    expect((await stream.next('mark')).mark.name).toBe('first')
    stream.clear()
    stream.mark('after')
    const names = [await stream.next('mark'), await stream.next('mark'), await stream.next('mark')]
    expect(names.map(({ mark }) => mark.name)).toEqual(['second', 'third', 'after'])
    expect(call.bufferedMs).toBe(0)
    expect(soundIn(call.heard)).toBeGreaterThanOrEqual(290)
    expect(soundIn(call.heard)).toBeLessThan(5_000)
    stream.media(tone(100))
    stream.mark('again')
    expect((await stream.next('mark')).mark.name).toBe('again')
    call.hangUp()
    expect((await call.ended).errors).toEqual([])
    expect(call.frames.all.map(({ event }) => event).join(' ')).toBe('media mark media mark mark clear mark media mark')
  })

  test('more than ten minutes waiting are thrown away', async () => {
    const { call, stream } = await connected()
    for (let minute = 0; minute < 11; minute++) stream.media(silence(60_000))
    stream.clear()
    await call.frames.next(({ event }) => event === 'clear')
    expect(call.errors).toMatchObject([{ code: 31931 }])
    call.hangUp()
  })

  test('both sides are recorded as long as each other', async () => {
    const { call, stream } = await connected({ pace: 5 })
    stream.media(tone(500))
    stream.mark('heard')
    await call.play(tone(300))
    await stream.next('mark')
    call.hangUp()
    await call.ended
    const { caller, agent } = call.recorded()
    expect(caller.length).toBe(agent.length)
    expect(soundIn(caller)).toBeCloseTo(300, -1)
    expect(soundIn(agent)).toBeCloseTo(500, -1)
  })

  /** How much of it is not silence, in ms; a 400 Hz tone passes through silence for single samples only. */
  function soundIn(mulaw: Buffer): number {
    let loudMs = 0
    for (let at = 0; at < mulaw.length; at += 8) if (loudness(mulaw.subarray(at, at + 8)) > 0.01) loudMs++
    return loudMs
  }
})

describe('frames that Twilio would refuse', () => {
  const payload = silence(20).toString('base64')
  const refused: { what: string; frame: (sid: string) => string | object | Buffer; code: number }[] = [
    { what: 'a binary frame', frame: () => silence(20), code: 31950 },
    { what: 'no JSON', frame: () => 'hello', code: 31951 },
    { what: 'an unknown event', frame: (streamSid) => ({ event: 'stop', streamSid }), code: 31951 },
    { what: 'another stream', frame: () => ({ event: 'clear', streamSid: 'MZother' }), code: 31951 },
    { what: 'a null streamSid', frame: () => ({ event: 'media', streamSid: null, media: { payload } }), code: 31951 },
    { what: 'a missing streamSid', frame: () => ({ event: 'clear' }), code: 31951 },
    { what: 'an extra field', frame: (streamSid) => ({ event: 'clear', streamSid, now: true }), code: 31951 },
    {
      what: 'an extra media field',
      frame: (streamSid) => ({ event: 'media', streamSid, media: { payload, track: 'outbound' } }),
      code: 31951
    },
    {
      what: 'an empty payload',
      frame: (streamSid) => ({ event: 'media', streamSid, media: { payload: '' } }),
      code: 31951
    },
    {
      what: 'no base64',
      frame: (streamSid) => ({ event: 'media', streamSid, media: { payload: '%%%%' } }),
      code: 31951
    },
    { what: 'a mark without a name', frame: (streamSid) => ({ event: 'mark', streamSid, mark: {} }), code: 31951 }
  ]
  test.each(refused)('$what is error $code, and is not played', async ({ frame, code }) => {
    const { call, stream } = await connected()
    const bad = frame(stream.streamSid)
    stream.socket.send(typeof bad === 'string' || Buffer.isBuffer(bad) ? bad : JSON.stringify(bad))
    stream.mark('after it')
    await stream.next('mark')
    expect(call.errors).toMatchObject([{ code }])
    expect(call.frames.all).toMatchObject([{ event: 'mark' }])
    call.hangUp()
    expect((await call.ended).errors).toHaveLength(1)
  })
})
