import { validateRequest } from 'twilio/lib/webhooks/webhooks.js'
import { describe, expect, test } from 'vitest'
import { loudness } from '../../simulator/sound/mulaw.ts'
import { CallFailed, PhoneCall, type RingOptions } from '../../simulator/telephone/telephone.ts'
import { type Answer, type Asked, connectTo, startVoiceServer, type VoiceServer } from './voice-server.ts'

const AUTH_TOKEN = 'a-token-for-tests'
const HANG_UP = '<Response><Hangup/></Response>'
const PUBLIC_URL = 'https://agent.example.com'

/** A whole call that needs nobody to speak. */
async function callThrough(server: VoiceServer, options: Partial<RingOptions> = {}) {
  const call = await PhoneCall.ring({ url: server.url, ...options })
  return { call, outcome: await call.ended }
}

function isSigned(asked: Asked | undefined, origin: string): boolean {
  if (!asked) return false
  const params = asked.method === 'GET' ? {} : asked.params
  return validateRequest(AUTH_TOKEN, String(asked.headers['x-twilio-signature']), origin + asked.url, params)
}

describe('the webhook', () => {
  test.each(['POST', 'GET'] as const)(
    'a %s carries what a real call carries, and a signature twilio accepts',
    async (method) => {
      const server = await startVoiceServer({ '/incoming-call': HANG_UP })
      await callThrough(server, {
        method,
        authToken: AUTH_TOKEN,
        from: '+15557654321',
        parameters: { CallerName: 'JANE & JOHN O’NEIL' }
      })
      const [asked] = server.asked.all
      expect(asked?.method).toBe(method)
      expect(asked?.params).toMatchObject({
        CallSid: expect.stringMatching(/^CA[0-9a-f]{32}$/),
        AccountSid: expect.stringMatching(/^AC[0-9a-f]{32}$/),
        From: '+15557654321',
        Caller: '+15557654321',
        CallerName: 'JANE & JOHN O’NEIL',
        CallStatus: 'ringing',
        Direction: 'inbound',
        ApiVersion: '2010-04-01'
      })
      expect(isSigned(asked, server.url)).toBe(true)
    }
  )

  test('another token does not sign the same', async () => {
    const server = await startVoiceServer({ '/incoming-call': HANG_UP })
    await callThrough(server, { authToken: 'another token' })
    expect(isSigned(server.asked.all[0], server.url)).toBe(false)
  })

  test('nothing is signed without a token, nor forwarded without a public URL', async () => {
    const server = await startVoiceServer({ '/incoming-call': HANG_UP })
    await callThrough(server)
    const names = Object.keys(server.asked.all[0]?.headers ?? {})
    expect(names.filter((name) => name.startsWith('x-'))).toEqual([])
  })

  test('behind a proxy that ends TLS, the public URL is signed and forwarded, the real one is dialled', async () => {
    const server = await startVoiceServer({ '/incoming-call': connectTo({ url: PUBLIC_URL }) })
    const call = await PhoneCall.ring({ url: server.url, publicUrl: PUBLIC_URL, authToken: AUTH_TOKEN })
    const upgrade = await server.upgrades.next()
    const asked = await server.asked.next()
    for (const { headers } of [asked, upgrade]) {
      expect(headers.host).toBe('agent.example.com')
      expect(headers['x-forwarded-proto']).toBe('https')
      expect(headers['x-forwarded-host']).toBe('agent.example.com')
    }
    expect(isSigned(asked, PUBLIC_URL)).toBe(true)
    expect(isSigned(upgrade, 'wss://agent.example.com')).toBe(true)
    call.hangUp()
    expect((await call.ended).errors).toEqual([])
  })

  const failures: { what: string; answer: Answer; code: number; status?: number }[] = [
    { what: 'a 403', answer: { status: 403, body: '' }, code: 11200, status: 403 },
    { what: 'a 500 with TwiML', answer: { status: 500, body: HANG_UP }, code: 11200, status: 500 },
    { what: 'JSON', answer: { type: 'application/json', body: '{}' }, code: 12300 },
    { what: 'no XML', answer: 'Hello.', code: 12100 },
    { what: 'nothing', answer: '', code: 12100 },
    { what: 'another document', answer: '<html></html>', code: 12100 },
    { what: 'an unknown verb', answer: '<Response><Sing/></Response>', code: 12200 },
    { what: 'no answer in time', answer: 'never', code: 11205 }
  ]
  test.each(failures)('$what ends the call with error $code', async ({ answer, code, status }) => {
    const server = await startVoiceServer({ '/incoming-call': answer })
    const ringing = PhoneCall.ring({ url: server.url, webhookTimeoutMs: 200 })
    const failed = await ringing.then(
      () => undefined,
      (error: unknown) => error
    )
    if (!(failed instanceof CallFailed)) throw new Error(`expected CallFailed, got ${failed}`)
    expect(failed.code).toBe(code)
    if (status) expect(failed.status).toBe(status)
    const outcome = await failed.call.ended
    expect(outcome).toMatchObject({ by: 'error', durationMs: 0, errors: [{ code }] })
  })

  test('a server that is not there is a connection failure', async () => {
    await expect(PhoneCall.ring({ url: 'http://127.0.0.1:1' })).rejects.toMatchObject({
      name: 'CallFailed',
      code: 11205
    })
  })

  test('a later document that is broken ends the call that had been answered', async () => {
    const server = await startVoiceServer({
      '/incoming-call': '<Response><Say>Wait.</Say><Redirect>/broken</Redirect></Response>',
      '/broken': { status: 502, body: '' }
    })
    const { outcome } = await callThrough(server)
    expect(outcome).toMatchObject({ by: 'error', errors: [{ code: 11200 }] })
    expect(outcome.durationMs).toBeGreaterThan(0)
  })
})

describe('TwiML', () => {
  test('verbs are done in order, across a redirect, with URLs relative to their document', async () => {
    const server = await startVoiceServer({
      '/incoming-call': '<Response><Redirect>voice/next</Redirect><Say>Never.</Say></Response>',
      '/voice/next':
        '<Response><Say>One &amp; two.</Say><Pause length="1"/><Redirect method="GET">last?a=b&amp;c=d</Redirect></Response>',
      '/voice/last': '<Response><Say>Three.</Say></Response>'
    })
    const { call, outcome } = await callThrough(server, { pace: 100, authToken: AUTH_TOKEN })
    expect(call.verbs.all.map(({ name }) => name)).toEqual(['Redirect', 'Say', 'Pause', 'Redirect', 'Say'])
    expect(call.said.all).toEqual(['One & two.', 'Three.'])
    expect(server.asked.all.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /incoming-call',
      'POST /voice/next',
      'GET /voice/last'
    ])
    expect(server.asked.all.map(({ params }) => params['CallStatus'])).toEqual([
      'ringing',
      'in-progress',
      'in-progress'
    ])
    expect(server.asked.all.every((asked) => isSigned(asked, server.url))).toBe(true)
    expect(outcome).toMatchObject({ by: 'server', reason: 'completed', errors: [] })
    expect(outcome.durationMs).toBeGreaterThanOrEqual(990)
  })

  test('a call that is hung up does nothing that stands after it', async () => {
    const server = await startVoiceServer({ '/incoming-call': '<Response><Hangup/><Say>Never.</Say></Response>' })
    const { call, outcome } = await callThrough(server)
    expect(outcome).toMatchObject({ by: 'server', reason: 'hangup' })
    expect(call.said.all).toEqual([])
  })

  test.each(['busy', 'rejected'])('a call rejected as %s is never answered', async (reason) => {
    const server = await startVoiceServer({
      '/incoming-call': `<Response><Reject reason="${reason}"/></Response>`,
      '/status': ''
    })
    const { outcome } = await callThrough(server, { statusCallback: '/status' })
    expect(outcome).toMatchObject({ by: 'reject', reason, durationMs: 0, errors: [] })
    const status = await server.asked.next(({ path }) => path === '/status')
    expect(status.params['CallStatus']).toBe(reason === 'busy' ? 'busy' : 'no-answer')
  })

  test('callers who are sent in circles are let go', async () => {
    const server = await startVoiceServer({
      '/incoming-call': '<Response><Redirect>/incoming-call</Redirect></Response>'
    })
    const { outcome } = await callThrough(server)
    expect(outcome).toMatchObject({ by: 'error', errors: [{ code: 11215 }] })
  })

  test('what is said aloud takes its time and is heard', async () => {
    const server = await startVoiceServer({ '/incoming-call': '<Response><Say>Good morning to you.</Say></Response>' })
    const { call, outcome } = await callThrough(server, { sayAloud: true, pace: 20 })
    expect(outcome.durationMs).toBeGreaterThan(700)
    expect(loudness(call.heard)).toBeGreaterThan(0.01)
  })

  test('a caller who hangs up during a pause ends the call there', async () => {
    const server = await startVoiceServer({
      '/incoming-call': '<Response><Say>Hold.</Say><Pause length="60"/><Say>Never.</Say></Response>'
    })
    const call = await PhoneCall.ring({ url: server.url })
    await call.verbs.next(({ name }) => name === 'Pause')
    call.hangUp()
    call.hangUp()
    expect(await call.ended).toMatchObject({ by: 'caller', errors: [] })
    expect(call.said.all).toEqual(['Hold.'])
  })
})

describe('dialling somebody', () => {
  async function dialling(twiml: string, options: Partial<RingOptions> = {}, more: Record<string, Answer> = {}) {
    const server = await startVoiceServer({ '/incoming-call': twiml, '/after': HANG_UP, ...more })
    const { call, outcome } = await callThrough(server, { authToken: AUTH_TOKEN, ...options })
    return { server, call, outcome, after: server.asked.all.find(({ path }) => path === '/after') }
  }

  test.each(['busy', 'no-answer', 'failed', 'completed'] as const)(
    'the action is told that it was %s',
    async (status) => {
      const { after, outcome, server } = await dialling(
        '<Response><Dial action="/after">+15551112222</Dial></Response>',
        {
          dial: () => ({ status })
        }
      )
      expect(after?.params['DialCallStatus']).toBe(status)
      expect(isSigned(after, server.url)).toBe(true)
      expect(outcome).toMatchObject({ by: 'server', reason: 'hangup', dialled: ['+15551112222'], errors: [] })
    }
  )

  test('without an action the next verb follows', async () => {
    const { call, outcome } = await dialling(
      '<Response><Dial><Number>+15551112222</Number></Dial><Say>Nobody there.</Say></Response>'
    )
    expect(call.said.all).toEqual(['Nobody there.'])
    expect(outcome.reason).toBe('completed')
  })

  test('whoever picks up first hears the whisper, in a call of their own', async () => {
    const { call, server } = await dialling(
      '<Response><Dial action="/after"><Number>+15551110000</Number><Number url="/whisper">+15551112222</Number></Dial></Response>',
      { dial: (number) => ({ status: number === '+15551112222' ? 'completed' : 'busy' }) },
      { '/whisper': '<Response><Say>A call about billing.</Say></Response>' }
    )
    expect(call.whispers.all).toEqual([{ number: '+15551112222', said: ['A call about billing.'] }])
    const whisper = server.asked.all.find(({ path }) => path === '/whisper')
    expect(whisper?.params).toMatchObject({
      ParentCallSid: call.callSid,
      To: '+15551112222',
      Direction: 'outbound-dial'
    })
    expect(whisper?.params['CallSid']).not.toBe(call.callSid)
    expect(isSigned(whisper, server.url)).toBe(true)
  })

  test('a whisper that cannot be had fails the dialled call', async () => {
    const { after, call } = await dialling(
      '<Response><Dial action="/after"><Number url="/nowhere">+15551112222</Number></Dial></Response>'
    )
    expect(after?.params['DialCallStatus']).toBe('failed')
    expect(call.errors).toMatchObject([{ code: 11200 }])
  })

  test('what is no number is not dialled', async () => {
    const { after, call } = await dialling('<Response><Dial action="/after">billing</Dial></Response>')
    expect(after?.params['DialCallStatus']).toBe('failed')
    expect(call.errors).toMatchObject([{ code: 13223 }])
  })

  test('a caller who hangs up while the other phone rings is not followed up', async () => {
    const server = await startVoiceServer({
      '/incoming-call': '<Response><Dial action="/after">+15551112222</Dial></Response>',
      '/after': HANG_UP
    })
    const call = await PhoneCall.ring({ url: server.url, dial: () => new Promise(() => {}) })
    await call.verbs.next(({ name }) => name === 'Dial')
    call.hangUp()
    expect(await call.ended).toMatchObject({ by: 'caller', errors: [] })
    expect(server.asked.all.map(({ path }) => path)).toEqual(['/incoming-call'])
  })
})
