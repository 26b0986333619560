import { describe, expect, test } from 'vitest'
import { sdk, startHouse } from '../house.ts'
import { AUTH_TOKEN, httpRequest, Stranger, sign, TUNNEL } from '../security/stranger.ts'

test.each(['/media-stream', '/media-stream/'])('Twilio is let in at %s', async (path) => {
  const house = await startHouse({ env: { TWILIO_AUTH_TOKEN: 'secret' } })
  const call = await house.ring({ authToken: 'secret', publicUrl: 'https://agent.example.com', signSlash: true })
  await call.streaming
  const bare = await startHouse()
  await bare.stream({ path })
  await bare.answered.next()
})

describe('a request for the stream without an upgrade', () => {
  // What is left of Twilio's upgrade behind an nginx without `proxy_set_header Upgrade`.
  const dropped = { Connection: 'close', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', ...TUNNEL }

  test.each([
    ['that is signed', { 'X-Twilio-Signature': sign('wss://agent.example.com/media-stream') }],
    ['that is not', {}]
  ])('%s is told to upgrade, and the log blames the proxy and not the signature', async (_what, headers) => {
    const house = await startHouse({ env: { TWILIO_AUTH_TOKEN: AUTH_TOKEN } })
    const proxy = new Stranger(house.url)
    proxy.write(httpRequest('GET /media-stream', { ...dropped, ...headers }))
    expect(await proxy.status()).toBe(426)
    expect(proxy.heard.toLowerCase()).toContain('\r\nupgrade: websocket\r\n')
    await proxy.closed()
    const warnings = house.log.all.filter(({ level }) => level >= 40).map(({ msg }) => msg)
    expect(warnings).toEqual(["the stream's path was asked for without an upgrade: the proxy does not pass Upgrade"])
    expect([house.app.calls.live, house.model.handshakes.all.length]).toEqual([0, 0])
  })
})

describe('a stranger', () => {
  const secret = { env: { TWILIO_AUTH_TOKEN: 'secret' } }

  test.each([
    ['without a signature', {}],
    ['with a wrong one', { 'X-Twilio-Signature': 'bm90IHRoaXM=' }]
  ])('%s is refused at the upgrade, and no model is opened', async (_what, headers) => {
    const house = await startHouse({ ...secret, provokes: ['Twilio'] })
    await expect(house.stream({ authToken: undefined, headers })).rejects.toMatchObject({ code: 31920, status: 403 })
    expect(house.model.handshakes.all).toEqual([])
    expect(house.app.calls.live).toBe(0)
  })

  test('with a true signature and no token is let go, and the model that was opened for them too', async () => {
    const house = await startHouse(secret)
    const call = await house.stream({ customParameters: {} })
    expect(await call.ended).toMatchObject({ by: 'server', reason: '1008' })
    expect(await house.records.next()).toMatchObject({ endReason: 'stream_refused', from: undefined })
    expect(house.model.sessions.flatMap(({ received }) => received.all)).toEqual([])
    expect(call.frames.all).toEqual([])
  })
})

describe('a stream that was just accepted', () => {
  test('has its transport and session, and a model that is being opened, before it says whose it is', async () => {
    const house = await startHouse()
    await house.stream({ start: false })
    const call = await house.answered.next()
    expect(call.state).toEqual({ name: 'ringing' })
    expect(sdk(call).session.transport).toBe(sdk(call).transport)
    const session = await house.model.nextSession()
    // Who is calling is not known, so that nothing is said to the model yet.
    expect(session.received.all).toEqual([])
    expect(sdk(call).session.transport.status).toBe('disconnected')
  })

  test('tells the model who is calling', async () => {
    const house = await startHouse()
    await house.ring({ from: '+15557654321' })
    const session = await house.model.nextSession()
    const { session: first } = await session.receives('session.update', (update) => update.session.audio !== undefined)
    expect(first.instructions).toContain('+15557654321')
  })

  test('that never says whose it is is let go, with everything that was opened for it', async () => {
    const house = await startHouse()
    const call = await house.stream({ start: false })
    const session = await house.model.nextSession()
    call.sendFrame({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    expect(await call.ended).toMatchObject({ by: 'server', reason: '1008' })
    await session.closed
    expect(await house.records.next()).toMatchObject({ endReason: 'no_start', callSid: undefined })
  })
})
