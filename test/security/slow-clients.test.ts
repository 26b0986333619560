import { describe, expect, onTestFinished, test } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { eventually, startHouse } from '../house.ts'
import { AUTH_TOKEN, connections, FORM, httpRequest, Stranger, TERSE } from './stranger.ts'

describe('a client', { timeout: 40_000 }, () => {
  test('that is slow or silent is let go, sooner in its headers, while a call beside it goes on', async () => {
    const house = await startHouse({ model: TERSE })
    const { phone, session } = await house.connect()
    const say = (text: string) => {
      const stranger = new Stranger(house.url)
      stranger.write(text)
      return stranger
    }
    const headers = 'GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: '
    const body = httpRequest('POST /incoming-call', { ...FORM, 'Content-Length': '2000' })
    const inHeaders = [say(''), say('GET /he'), say(headers), say(headers)]
    const inBody = [say(body), say(body)]
    const drip = setInterval(() => {
      inHeaders.at(-1)?.write('x')
      inBody.at(-1)?.write('x')
    }, 200)
    try {
      await Promise.all(inHeaders.map((stranger) => stranger.closed(20_000)))
      expect(inBody.map(({ isClosed }) => isClosed)).toEqual([false, false])
      await Promise.all(inBody.map((stranger) => stranger.closed(20_000)))
    } finally {
      clearInterval(drip)
    }
    for (const { heard } of inHeaders) expect(heard).toContain(' 408 ')
    await session.say({ ms: 40 })
    await phone.frames.next(({ event }) => event === 'media')
  })

  test('that never reads its answer is let go', async () => {
    const app = await buildApp(loadConfig({ OPENAI_API_KEY: 'sk', TWILIO_AUTH_TOKEN: AUTH_TOKEN }), {
      logTo: { write: () => {} }
    })
    onTestFinished(() => app.close())
    // More than the kernels of both sides take.
    app.get('/large', () => Buffer.alloc(64 * 1024 * 1024))
    const deaf = new Stranger(await app.listen({ port: 0, host: '127.0.0.1' }))
    deaf.stopReading()
    deaf.write(httpRequest('GET /large', {}))
    for (const count of [1, 0]) {
      await eventually(
        () => connections({ app }),
        (open) => open === count,
        // Node looks twice before it believes that nothing moves.
        30_000
      )
    }
  })

  test('may ask a thousand times before it has to dial anew', async () => {
    const house = await startHouse()
    const stranger = new Stranger(house.url)
    stranger.write(httpRequest('GET /health', {}).repeat(1_001))
    await eventually(
      () => stranger.heard.match(/HTTP\/1\.1 \d+/g) ?? [],
      (answers) => answers.length === 1_001
    )
    expect(stranger.heard.match(/HTTP\/1\.1 200/g)).toHaveLength(1_000)
    expect(stranger.heard).toContain('Connection: close')
  })
})
