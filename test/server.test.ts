import { describe, expect, test } from 'vitest'
import { runServer, startServer } from './server-process.ts'

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

test('a server without a key does not start, and says what is missing', async () => {
  const server = await runServer({ PORT: '0' })
  const { code, complaints } = await server.exit
  expect(code).toBe(1)
  expect(complaints).toContain('Missing OpenAI API key. Please set it in the .env file.')
})
