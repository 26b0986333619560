import { fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { type CloseStyle, PhoneCall } from '../../simulator/telephone/telephone.ts'
import { type Answer, connectTo, startVoiceServer } from './voice-server.ts'

const ACTION = 'action="/after"'

async function ringing(upgrade: 'accept' | 'never' | number, twiml: (server: { url: string }) => string) {
  const answers: Record<string, Answer> = { '/after': '<Response><Say>After.</Say></Response>', '/status': '' }
  const server = await startVoiceServer(answers, upgrade)
  answers['/incoming-call'] = twiml(server)
  return server
}

describe('a stream that does not open', () => {
  test.each([403, 404, 503])('%s at the upgrade is error 31920, and then the action is asked', async (status) => {
    const server = await ringing(status, (at) => connectTo(at, '', ACTION))
    const call = await PhoneCall.ring({ url: server.url })
    expect(await call.ended).toMatchObject({ by: 'server', errors: [{ code: 31920 }] })
    expect(server.asked.all.map(({ path }) => path)).toEqual(['/incoming-call', '/after'])
    expect(call.said.all).toEqual(['After.'])
    await expect(call.streaming).rejects.toThrow('ended without a stream')
  })

  test('without an action the next verb follows', async () => {
    const server = await ringing(403, (at) => connectTo(at, '', '', '<Say>Sorry.</Say>'))
    const call = await PhoneCall.ring({ url: server.url })
    expect((await call.ended).errors).toMatchObject([{ code: 31920 }])
    expect(call.said.all).toEqual(['Sorry.'])
  })

  test('no answer to the upgrade is error 31901', async () => {
    const server = await ringing('never', (at) => connectTo(at, '', ACTION))
    const call = await PhoneCall.ring({ url: server.url, handshakeTimeoutMs: 100 })
    expect((await call.ended).errors).toMatchObject([{ code: 31901 }])
  })

  const urls: { what: string; stream: string; code: number }[] = [
    { what: 'a port where nobody listens', stream: '<Stream url="wss://127.0.0.1:1/media-stream"/>', code: 31902 },
    { what: 'ws instead of wss', stream: '<Stream url="ws://agent.example.com/media-stream"/>', code: 31922 },
    { what: 'a query string', stream: '<Stream url="wss://agent.example.com/media-stream?a=b"/>', code: 31920 },
    { what: 'no URL', stream: '<Stream url="/media-stream"/>', code: 31923 },
    { what: 'another track', stream: '<Stream url="wss://agent.example.com/" track="both_tracks"/>', code: 31941 },
    {
      what: 'a parameter of 500 characters',
      stream: `<Stream url="wss://agent.example.com/"><Parameter name="token" value="${'a'.repeat(495)}"/></Stream>`,
      code: 12200
    }
  ]
  test.each(urls)('$what is error $code', async ({ stream, code }) => {
    const server = await ringing('accept', () => `<Response><Connect ${ACTION}>${stream}</Connect></Response>`)
    const call = await PhoneCall.ring({ url: server.url })
    expect(await call.ended).toMatchObject({ by: 'server', errors: [{ code }] })
    expect(call.said.all).toEqual(['After.'])
  })
})

describe('the server ends the stream', () => {
  test('a close leads to the action, and is noted but no error', async () => {
    const server = await ringing('accept', (at) => connectTo(at, '', ACTION))
    const call = await PhoneCall.ring({ url: server.url })
    const stream = await server.streams.next()
    await stream.next('start')
    stream.socket.close(1000, 'goodbye')
    expect(await call.ended).toMatchObject({ by: 'server', reason: 'completed', errors: [], notes: [{ code: 31921 }] })
    expect(server.asked.all.at(-1)).toMatchObject({ path: '/after', params: { CallStatus: 'in-progress' } })
  })

  test('a lost connection is noted as such', async () => {
    const server = await ringing('accept', (at) => connectTo(at, '', '', '<Say>We lost them.</Say>'))
    const call = await PhoneCall.ring({ url: server.url })
    const stream = await server.streams.next()
    await stream.next('start')
    stream.socket.terminate()
    expect(await call.ended).toMatchObject({ by: 'server', errors: [], notes: [{ code: 31903 }] })
    expect(call.said.all).toEqual(['We lost them.'])
  })

  test('a second stream in the same call is another stream', async () => {
    const server = await ringing('accept', (at) => connectTo(at, '', '', connectTo(at).replace(/<\/?Response>/g, '')))
    const call = await PhoneCall.ring({ url: server.url })
    const first = await server.streams.next()
    await first.next('start')
    first.socket.close()
    const second = await server.streams.next()
    expect((await second.next('start')).start.callSid).toBe(call.callSid)
    expect(second.streamSid).not.toBe(first.streamSid)
    expect((await second.next('media')).media.timestamp).toBe('155')
    call.hangUp()
    expect((await call.ended).errors).toEqual([])
  })

  test('what was still waiting to be played is not heard', async () => {
    const server = await ringing('accept', (at) => connectTo(at, '', ACTION))
    const call = await PhoneCall.ring({ url: server.url })
    const stream = await server.streams.next()
    await stream.next('start')
    stream.media(Buffer.alloc(80_000, 0x20))
    stream.mark('never')
    stream.socket.close()
    const { durationMs } = await call.ended
    expect(call.heard.length).toBeLessThanOrEqual(Math.ceil(durationMs * 8))
    expect(stream.received.all.some(({ event }) => event === 'mark')).toBe(false)
  })
})

describe('the caller hangs up', () => {
  const styles: { closeStyle: CloseStyle; stops: number; code: number }[] = [
    { closeStyle: 'stop', stops: 1, code: 1000 },
    { closeStyle: 'no-stop', stops: 0, code: 1000 },
    { closeStyle: 'dies', stops: 0, code: 1006 }
  ]
  test.each(styles)(
    '$closeStyle: the server sees $stops stop and close $code, and no action is asked',
    async ({ closeStyle, stops, code }) => {
      const server = await ringing('accept', (at) => connectTo(at, '', ACTION))
      const call = await PhoneCall.ring({ url: server.url, closeStyle, statusCallback: '/status' })
      const stream = await server.streams.next()
      await stream.next('media')
      const unsaid = call.play(Buffer.alloc(80_000))
      call.hangUp()
      expect((await stream.closed).code).toBe(code)
      expect(stream.received.all.filter(({ event }) => event === 'stop')).toHaveLength(stops)
      expect(await call.ended).toMatchObject({ by: 'caller', errors: [], notes: [] })
      await expect(unsaid).rejects.toThrow('The call is over')
      expect(server.asked.all.map(({ path }) => path)).toEqual(['/incoming-call', '/status'])
      expect(server.asked.all.at(-1)?.params).toMatchObject({ CallStatus: 'completed', CallDuration: '1' })
    }
  )

  test('a close without a code reads 1005', async () => {
    const server = await ringing('accept', (at) => connectTo(at))
    const call = await PhoneCall.ring({ url: server.url, closeCode: 1005 })
    const stream = await server.streams.next()
    await stream.next('start')
    call.hangUp()
    expect((await stream.closed).code).toBe(1005)
  })

  test('the stop frame is the last one, and numbered', async () => {
    const server = await ringing('accept', (at) => connectTo(at))
    const call = await PhoneCall.ring({ url: server.url })
    const stream = await server.streams.next()
    await stream.next('media')
    call.hangUp()
    await stream.closed
    const [before, stop] = stream.received.all.slice(-2)
    expect(stop).toEqual({
      event: 'stop',
      sequenceNumber: `${Number(before.sequenceNumber) + 1}`,
      stop: { accountSid: expect.stringMatching(/^AC/), callSid: call.callSid },
      streamSid: call.streamSid
    })
  })

  test('between two verbs, the stream is not opened any more', async () => {
    const server = await ringing('accept', (at) => connectTo(at).replace('<Connect', '<Say>Hello.</Say><Connect'))
    const call = await PhoneCall.ring({ url: server.url })
    call.hangUp()
    expect(await call.ended).toMatchObject({ by: 'caller', errors: [] })
    expect(server.upgrades.all).toEqual([])
  })

  test('while the stream is being opened, the call just ends', async () => {
    const server = await ringing('never', (at) => connectTo(at, '', ACTION))
    const call = await PhoneCall.ring({ url: server.url })
    await server.upgrades.next()
    call.hangUp()
    expect(await call.ended).toMatchObject({ by: 'caller', errors: [] })
    expect(server.asked.all).toHaveLength(1)
  })

  test('nothing keeps the process alive afterwards', async () => {
    const server = await ringing('accept', (at) => connectTo(at, '', ACTION))
    const child = fork(new URL('one-call.ts', import.meta.url), [server.url], { execArgv: [] })
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
  })
})

test('a stream’s status callback hears of its beginning and its end', async () => {
  const server = await ringing('accept', ({ url }) =>
    connectTo({ url }).replace('<Stream', '<Stream name="line" statusCallback="/status"')
  )
  const call = await PhoneCall.ring({ url: server.url })
  await call.streaming
  call.hangUp()
  await call.ended
  const callbacks = server.asked.all.filter(({ path }) => path === '/status').map(({ params }) => params)
  expect(callbacks.map(({ StreamEvent }) => StreamEvent)).toEqual(['stream-started', 'stream-stopped'])
  expect(callbacks[0]).toMatchObject({ StreamName: 'line', CallSid: call.callSid, StreamSid: call.streamSid })
})

describe('streams dialled without a call', () => {
  test('a stranger who is refused is told how', async () => {
    const server = await startVoiceServer({}, 403)
    await expect(PhoneCall.openStream({ url: server.url })).rejects.toMatchObject({ code: 31920, status: 403 })
  })

  test('a replay brings its own identity, parameters and headers', async () => {
    const server = await startVoiceServer({})
    const call = await PhoneCall.openStream({
      url: server.url,
      callSid: 'CAreplayed',
      streamSid: 'MZreplayed',
      customParameters: { token: 'once' },
      headers: { 'X-Twilio-Signature': 'stolen' }
    })
    const stream = await server.streams.next()
    const { start, streamSid } = await stream.next('start')
    expect({ ...start, streamSid }).toMatchObject({
      callSid: 'CAreplayed',
      streamSid: 'MZreplayed',
      customParameters: { token: 'once' }
    })
    expect(server.upgrades.all[0]?.headers['x-twilio-signature']).toBe('stolen')
    stream.socket.close(1008, 'no')
    expect(await call.ended).toMatchObject({ by: 'server', reason: '1008 no' })
  })

  test('a bare socket sends only what it is told to', async () => {
    const server = await startVoiceServer({})
    const call = await PhoneCall.openStream({ url: server.url, start: false })
    call.sendFrame({ event: 'media' })
    call.sendFrame('{"event":"stop"}')
    const stream = await server.streams.next()
    await stream.next('stop')
    expect(stream.received.all).toEqual([{ event: 'media' }, { event: 'stop' }])
    call.hangUp()
    expect(await call.ended).toMatchObject({ by: 'caller' })
    expect(() => call.sendFrame('late')).toThrow('no stream')
  })
})
