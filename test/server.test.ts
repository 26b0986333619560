import { describe, expect, onTestFinished, test } from 'vitest'
import { PracticeModel } from '../simulator/model/practice-model.ts'
import { PhoneCall, type RingOptions } from '../simulator/telephone/telephone.ts'
import { runServer } from './server-process.ts'

const authToken = 'the-token-of-the-account'

async function startServer(env: Record<string, string> = {}) {
  const model = await PracticeModel.listen({ vad: false, pace: Number.POSITIVE_INFINITY, brain: () => [{ tone: 100 }] })
  onTestFinished(() => model.close())
  const server = await runServer({
    ...{ OPENAI_API_KEY: 'sk-practice', OPENAI_REALTIME_URL: model.url, GREETING: '', ANSWER_SAY: '' },
    ...{ PORT: '0', HOST: '127.0.0.1', TWILIO_AUTH_TOKEN: authToken },
    ...env
  })
  const url = await server.url()
  return {
    ...server,
    model,
    url,
    async ring(options: Partial<RingOptions> = {}) {
      const phone = await PhoneCall.ring({ url, authToken, ...options })
      onTestFinished(() => phone.hangUp())
      return phone
    },
    /** A caller who is in conversation with the agent. */
    async connect() {
      const phone = await this.ring()
      const session = await model.nextSession()
      await session.receives('session.update', (update) => update.session.audio !== undefined)
      await phone.streaming
      void session.say({ ms: 100 })
      await phone.frames.next(({ event }) => event === 'media')
      return { phone, session }
    },
    async drain(signal: NodeJS.Signals) {
      server.child.kill(signal)
      await server.log.next((line) => line.msg === 'draining')
    }
  }
}

describe.each(['SIGTERM', 'SIGINT'] as const)('a server that is told to stop with %s', (signal) => {
  test('and has no call stops, and all is well', async () => {
    const server = await startServer()
    server.child.kill(signal)
    expect(await server.exit).toEqual({ code: 0, complaints: '' })
  })

  test('declines new callers, and lets the call it has go on to its end', async () => {
    const server = await startServer()
    const { phone, session } = await server.connect()
    await server.drain(signal)
    expect((await fetch(`${server.url}/ready`)).status).toBe(503)
    expect(await (await server.ring()).ended).toMatchObject({ by: 'reject', reason: 'busy', errors: [] })
    void session.say({ ms: 100 })
    await phone.frames.next(({ event }) => event === 'media')
    phone.hangUp()
    expect(await server.exit).toEqual({ code: 0, complaints: '' })
    expect((await server.log.next(({ msg }) => msg === 'call ended'))['endReason']).toBe('caller_hung_up')
    expect(server.model.failures).toEqual([])
    expect(phone.errors).toEqual([])
  })
})

test('when the time for the last calls is up they are told goodbye, hung up and written down', async () => {
  const server = await startServer({ DRAIN_TIMEOUT_MS: '200' })
  const { phone, session } = await server.connect()
  await server.drain('SIGTERM')
  const { response } = await session.receives('response.create')
  expect(response?.instructions).toContain('goodbye')
  // Twilio asks what comes next, and a server that is gone already would have it read out an error.
  expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup', errors: [] })
  expect(await server.exit).toEqual({ code: 0, complaints: '' })
  expect((await server.log.next(({ msg }) => msg === 'call ended'))['endReason']).toBe('drained')
})

test('a second signal ends it at once', async () => {
  const server = await startServer()
  const { phone } = await server.connect()
  await server.drain('SIGTERM')
  server.child.kill('SIGTERM')
  expect((await server.exit).code).not.toBe(null)
  await phone.ended
})

test('a server without a key does not start, and says what is missing', async () => {
  const server = await runServer({ PORT: '0' })
  const { code, complaints } = await server.exit
  expect(code).toBe(1)
  expect(complaints).toContain('Missing OpenAI API key. Please set it in the .env file.')
})
