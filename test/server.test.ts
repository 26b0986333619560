import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from './house.ts'
import { runServer, SERVER, startServer } from './server-process.ts'

describe('a server that is told to stop', () => {
  test('and has no call stops, and all is well', async () => {
    const server = await startServer()
    server.child.kill('SIGINT')
    expect(await server.exit).toEqual({ code: 0, complaints: '' })
  })

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'with %s declines new callers, and lets the call it has go on to its end',
    async (signal) => {
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
    }
  )
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

test('a second signal cuts the calls that are left, each of which is written down', async () => {
  const server = await startServer()
  const calls = [await server.connect(), await server.connect()]
  await server.drain('SIGTERM')
  server.child.kill('SIGTERM')
  expect(await server.exit).toEqual({ code: 1, complaints: '' })
  const ended = server.log.all.filter(({ msg }) => msg === 'call ended')
  expect(ended.map(({ callSid }) => callSid)).toEqual(calls.map(({ phone }) => phone.callSid))
  expect(ended.map(({ endReason }) => endReason)).toEqual(['drained', 'drained'])
  for (const { phone } of calls) await phone.ended
})

describe('a mistake in what was added to the server', () => {
  const startFaulty = () => startServer({}, new URL('faulty-server.ts', import.meta.url).pathname)
  type Faulty = Awaited<ReturnType<typeof startFaulty>>

  /** The caller hears the agent and hangs up, and the log says that this is how the call ended. */
  async function endsWell(server: Faulty, { phone, session }: Awaited<ReturnType<Faulty['connect']>>) {
    const heard = phone.frames.all.length
    void session.say({ ms: 100 })
    await phone.frames.next((frame) => frame.event === 'media' && phone.frames.all.indexOf(frame) >= heard)
    phone.hangUp()
    const ended = await server.log.next(({ msg, callSid }) => msg === 'call ended' && callSid === phone.callSid)
    expect(ended['endReason']).toBe('caller_hung_up')
  }

  test('a rejected promise is logged with its stack, its call and how many there were, and ends nothing', async () => {
    const server = await startFaulty()
    const [call, other] = [await server.connect(), await server.connect()]
    const rejections = [
      ['a tool', () => call.session.callTool('forget')],
      ['a reader', () => other.phone.press('1')],
      ['a listener', () => call.phone.press('2')],
      ['a listener of the session', () => other.phone.press('3')]
    ] as const
    const lines = []
    for (const [by, provoke] of rejections) {
      void provoke()
      lines.push(await server.log.next(({ err }) => (err as Error | undefined)?.message === `rejected by ${by}`))
    }
    const msg = 'a rejected promise that nobody awaited'
    const stack = expect.stringContaining('faulty-server.ts')
    expect(lines).toMatchObject(
      [call, other, call, other].map(({ phone: { callSid } }, index) => {
        return { level: 50, msg, callSid, err: { stack }, unhandledRejections: index + 1 }
      })
    )
    for (const one of [call, other]) await endsWell(server, one)
    expect(server.log.all.filter((line) => line.msg === 'draining')).toEqual([])
  })

  test('an exception drains the server, and a second one does not cut the drain short', async () => {
    const server = await startFaulty()
    const [call, other] = [await server.connect(), await server.connect()]
    call.phone.press('9')
    await server.log.next(({ msg }) => msg === 'draining')
    expect((await fetch(`${server.url}/ready`)).status).toBe(503)
    call.phone.press('9')
    const uncaught = () => server.log.all.filter(({ msg }) => msg === 'an error that nobody caught')
    await eventually(uncaught, ({ length }) => length === 2)
    for (const one of [call, other]) await endsWell(server, one)
    expect(await server.exit).toEqual({ code: 1, complaints: '' })
    expect(uncaught()).toMatchObject([{ level: 60 }, { level: 60 }])
  })
})

test('a server without a key does not start, and says what is missing', async () => {
  const server = await runServer({ PORT: '0' })
  const { code, complaints } = await server.exit
  expect(code).toBe(1)
  expect(complaints).toContain('Missing OpenAI API key. Please set it in the .env file.')
})

describe('an address that cannot be listened on is one line', () => {
  test('for a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const port = `${(other.address() as AddressInfo).port}`
    const { exit, log } = await runServer({ OPENAI_API_KEY: 'sk-test', PORT: port, HOST: '127.0.0.1' })
    expect(await exit).toEqual({
      code: 1,
      complaints: `PORT: ${port} is taken by another program; stop that one, or set PORT to another (see .env.example)\n`
    })
    expect(log.all).toEqual([])
  })

  test.each([
    // 192.0.2.0/24 is for documentation (RFC 5737), `.invalid` is nobody's name (RFC 2606).
    ['192.0.2.1', 'is no address of this machine; 0.0.0.0 is all of them'],
    ['phone.invalid', 'is no name that is known here; 0.0.0.0 is all addresses of this machine']
  ])('for the host %s', async (host, says) => {
    const { exit } = await runServer({ OPENAI_API_KEY: 'sk-test', PORT: '0', HOST: host })
    expect(await exit).toEqual({ code: 1, complaints: `HOST: ${host} ${says} (see .env.example)\n` })
  })
})

/** Reads .env as the server does, and starts in a third of its time. */
const QUICK = new URL('../simulator/tunnel.ts', import.meta.url).pathname

test('a sentence in .env that is cut at a # gets a hint, one in quotes or of the environment gets none', {
  timeout: 40_000
}, async () => {
  const hint = (name: string) =>
    `${name}: what stands after the # in .env is a comment; put "quotes" around the whole value\n`
  const told = async (dotenv: string, env: Record<string, string> = {}, script = QUICK) => {
    const settings = { OPENAI_API_KEY: 'sk-test', PORT: 'none', PATH: '', ...env }
    const { complaints } = await (await runServer(settings, `${dotenv}\n`, script)).exit
    return complaints.replace(/^(PORT: |ngrok is not).*\n/m, '')
  }
  expect(await told('GREETING=Say that you are our #1 agent.', {}, SERVER)).toBe(hint('GREETING'))
  expect(await told('GREETING="Say that you are our #1 agent."')).toBe('')
  expect(await told('GREETING=Say hello. # 1', { GREETING: 'Say hi.' })).toBe('')
  expect(await told('MAX_CALLS=5 # lines')).toBe('')
})
