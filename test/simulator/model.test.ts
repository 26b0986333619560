import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { silence } from '../../simulator/sound/mulaw.ts'
import { dial, onThePhone, startModel } from './wire-client.ts'

describe('the handshake', () => {
  test('opens with session.created, which tells when the session will end', async () => {
    const model = await startModel({ sessionMs: 60_000 })
    const { session } = await dial(model).next('session.created')
    expect(session).toMatchObject({
      object: 'realtime.session',
      model: 'gpt-realtime-2.1',
      audio: { input: { format: { type: 'audio/pcm', rate: 24_000 } } }
    })
    const { expires_at } = session as { expires_at: number }
    expect(Math.abs(expires_at - Date.now() / 1000 - 60)).toBeLessThan(5)
    expect((await model.handshakes.next()).headers.authorization).toBe('Bearer sk-test')
  })

  test.each([
    { what: 'a wrong key', headers: { authorization: 'Bearer wrong' }, code: 'invalid_api_key', closeCode: 3000 },
    { what: 'no model', query: '', code: 'missing_model', closeCode: 4000 },
    { what: 'an unknown model', query: '?model=gpt-4o', code: 'invalid_model', closeCode: 4000 },
    {
      what: 'the beta header',
      headers: { 'OpenAI-Beta': 'realtime=v1' },
      code: 'beta_api_shape_disabled',
      closeCode: 4000
    }
  ])('refuses $what after the 101, with one event and a close', async ({ code, closeCode, what: _, ...options }) => {
    const client = dial(await startModel({ apiKey: 'sk-test' }), options)
    expect(await client.error()).toMatchObject({ type: 'invalid_request_error', code, event_id: null })
    expect(await client.closed).toEqual({ code: closeCode, reason: `invalid_request_error.${code}` })
    expect(client.story).toEqual(['error'])
  })

  test.each([
    { how: { status: 429 } as const, error: 'Unexpected server response: 429' },
    { how: 'reset' as const, error: /ECONNRESET|socket hang up/ }
  ])('can refuse before the 101: $how', async ({ how, error }) => {
    const model = await startModel()
    model.refuse(how)
    const client = dial(model)
    const failure = new Promise<Error>((resolve) => client.socket.once('error', resolve))
    expect((await failure).message).toMatch(error)
    model.refuse(undefined)
    await dial(model).next('session.created')
    expect(model.handshakes.all).toHaveLength(2)
    expect(model.sessions).toHaveLength(1)
  })

  test('answers 401 to a connection without Authorization', async () => {
    const { port } = new URL((await startModel()).url)
    const socket = connect(Number(port), '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write(
      'GET /v1/realtime?model=gpt-realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    )
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
    expect(answer.toString()).toContain('HTTP/1.1 401')
  })

  test('can hang: takes the connection and never answers', async () => {
    const model = await startModel()
    model.refuse('hang')
    const client = dial(model)
    await model.handshakes.next()
    expect(client.socket.readyState).toBe(client.socket.CONNECTING)
  })

  test.each([true, false])('negotiates compression: %s', async (compression) => {
    const client = dial(await startModel({ compression }))
    await client.next('session.created')
    expect(client.socket.extensions).toBe(compression ? 'permessage-deflate' : '')
  })

  test('takes its time to open', async () => {
    const model = await startModel({ openMs: 60 })
    const startedAt = performance.now()
    await dial(model).next('session.created')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59)
  })

  test('can keep session.created and session.updated to itself', async () => {
    const model = await startModel()
    model.mute('session.created')
    model.mute('session.updated')
    const client = dial(model)
    const session = await model.nextSession()
    client.socket.once('open', () =>
      client.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Hi.' } })
    )
    await session.receives('session.update')
    model.mute(undefined)
    client.send({ type: 'session.update', session: { type: 'realtime' } })
    await client.next('session.updated')
    expect(client.story).toEqual(['session.updated'])
    expect(session.config.instructions).toBe('Hi.')
  })

  test('a session expires with an error and close 1001', async () => {
    const client = dial(await startModel({ sessionMs: 30 }))
    expect(await client.error()).toMatchObject({ code: 'session_expired' })
    expect(await client.closed).toEqual({ code: 1001, reason: 'Your session hit the maximum duration of 60 minutes.' })
  })
})

describe('session.update', () => {
  test('merges audio deeply, clears with null, and tells the whole session', async () => {
    const { client, model } = await onThePhone()
    client.send({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { transcription: null } }, tools: [] }
    })
    const { session } = await client.next('session.updated')
    expect(session).toMatchObject({
      tracing: null,
      audio: {
        input: {
          format: { type: 'audio/pcmu' },
          transcription: null,
          turn_detection: { type: 'server_vad', interrupt_response: true }
        },
        output: { format: { type: 'audio/pcmu' }, voice: 'marin' }
      }
    })
    client.send({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { turn_detection: { type: 'semantic_vad' } } } }
    })
    const next = (await client.next('session.updated'))['session']
    expect(next).toHaveProperty('audio.input.turn_detection', {
      type: 'semantic_vad',
      eagerness: 'auto',
      create_response: true,
      interrupt_response: true
    })
    expect(model.failures).toEqual([])
  })

  test('a new voice after the assistant spoke is refused, and the whole update with it', async () => {
    const { client, session } = await onThePhone()
    await session.say({ ms: 200 })
    const audio = { output: { voice: 'cedar' } }
    client.send({ type: 'session.update', event_id: 'mine', session: { type: 'realtime', instructions: 'new', audio } })
    expect(await client.error()).toMatchObject({ code: 'cannot_update_voice', event_id: null, param: null })
    expect(session.config.instructions).not.toBe('new')
    expect(session.config.audio.output.voice).toBe('marin')
  })

  test.each([
    {
      what: 'a flat field of the beta',
      session: { type: 'realtime', voice: 'marin' },
      code: 'unknown_parameter',
      param: 'session.voice'
    },
    { what: 'no type', session: {}, code: 'missing_required_parameter', param: 'session.type' },
    {
      what: 'an unknown voice',
      session: { type: 'realtime', audio: { output: { voice: 'bob' } } },
      code: 'invalid_value',
      param: 'session.audio.output.voice'
    },
    {
      what: 'a transcription model that is not for Realtime sessions',
      session: { type: 'realtime', audio: { input: { transcription: { model: 'gpt-live-transcribe' } } } },
      code: 'invalid_value',
      param: 'session.audio.input.transcription.model'
    }
  ])('refuses $what', async ({ session, code, param }) => {
    const { client, model } = await onThePhone()
    client.send({ type: 'session.update', event_id: 'mine', session })
    expect(await client.error()).toMatchObject({ code, param, event_id: 'mine' })
    expect(model.failures).toHaveLength(1)
  })

  test('a session that is not audio/pcmu fails as soon as it is used', async () => {
    const model = await startModel()
    const client = dial(model)
    await client.next('session.created')
    client.append(silence(60))
    client.send({ type: 'response.create' })
    expect(await client.error()).toMatchObject({ code: 'invalid_audio_format' })
    expect(await client.error()).toMatchObject({ code: 'invalid_audio_format' })
    expect(model.failures).toEqual([
      expect.stringContaining('audio.input.format is audio/pcm'),
      expect.stringContaining('audio.output.format is audio/pcm')
    ])
  })
})
