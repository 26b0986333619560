import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import formbody from '@fastify/formbody'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'

export interface RestNumber {
  sid: string
  phone_number: string
  voice_url: string
  voice_method: string
  voice_fallback_url: string
  voice_application_sid: string | null
  trunk_sid: string | null
  capabilities: { voice: boolean; sms: boolean; mms: boolean; fax: boolean }
}

export interface RestAlert {
  readonly error_code: string
  /** ISO 8601. */
  readonly date_created: string
}

/** An account as Twilio's REST API knows it. What a test changes here is what the next request finds. */
export interface RestAccount {
  readonly sid: string
  readonly authToken: string
  readonly apiKeys: Map<string, string>
  status: 'active' | 'suspended' | 'closed'
  type: 'Full' | 'Trial'
  readonly numbers: RestNumber[]
  readonly alerts: RestAlert[]
  /** Calls that were placed, by their SID. */
  readonly calls: Map<string, RestCall>
  /** Rings the callee of a call that was placed, and changes its status as it goes on. Default: nobody picks up. */
  dial: (call: RestCall) => void
}

/** A call that was placed through REST. */
export interface RestCall {
  readonly sid: string
  readonly to: string
  readonly from: string
  /** What Twilio asks when the callee picks up. */
  readonly url: string
  status: 'queued' | 'ringing' | 'in-progress' | 'completed' | 'busy' | 'failed' | 'no-answer' | 'canceled'
}

/** Fields of an update that Twilio knows, and what they change. */
const NUMBER_FIELDS: Readonly<Record<string, 'voice_url' | 'voice_method' | 'voice_fallback_url'>> = {
  VoiceUrl: 'voice_url',
  VoiceMethod: 'voice_method',
  VoiceFallbackUrl: 'voice_fallback_url'
}

export function newAccount(given: Partial<RestAccount> = {}): RestAccount {
  return {
    ...{ sid: newSid('AC'), authToken: randomBytes(16).toString('hex'), apiKeys: new Map() },
    ...{ status: 'active', type: 'Full', numbers: [], alerts: [], calls: new Map() },
    dial: (call) => {
      call.status = 'no-answer'
    },
    ...given
  }
}

export function newNumber(given: Partial<RestNumber> = {}): RestNumber {
  return {
    ...{ sid: newSid('PN'), phone_number: '+15551230000', voice_url: '', voice_method: 'POST', voice_fallback_url: '' },
    ...{ voice_application_sid: null, trunk_sid: null },
    capabilities: { voice: true, sms: true, mms: false, fax: false },
    ...given
  }
}

export function newSid(kind: string): string {
  return `${kind}${randomBytes(16).toString('hex')}`
}

/**
 * The part of Twilio's REST API that a doctor needs, on a loopback port, and as strict: Basic auth with the account's
 * token or an API key, its status and error codes, and the paths of api.twilio.com and monitor.twilio.com on one origin.
 */
export class TwilioRestDouble {
  /** What TWILIO_API_URL is set to. */
  readonly url: string
  readonly account: RestAccount
  /** Requests in order, such as `POST /2010-04-01/Accounts/…`. */
  readonly requests: readonly string[]
  readonly #app: FastifyInstance

  static async listen(account = newAccount()): Promise<TwilioRestDouble> {
    const app = Fastify()
    const requests: string[] = []
    await app.register(formbody)
    app.addHook('onRequest', async ({ method, url }) => void requests.push(`${method} ${url}`))
    app.addHook('onRequest', async (request, reply) => authenticate(account, request, reply))
    app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 20404, 'The requested resource was not found'))
    addRoutes(app, account)
    await app.listen({ port: 0, host: '127.0.0.1' })
    return new TwilioRestDouble(app, account, requests)
  }

  private constructor(app: FastifyInstance, account: RestAccount, requests: readonly string[]) {
    this.#app = app
    this.account = account
    this.requests = requests
    this.url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    return this.#app.close()
  }
}

function addRoutes(app: FastifyInstance, account: RestAccount): void {
  const base = `/2010-04-01/Accounts/${account.sid}`
  app.get(`${base}.json`, async () => ({ sid: account.sid, status: account.status, type: account.type }))
  app.get(`${base}/IncomingPhoneNumbers.json`, async (request) => {
    const { PhoneNumber: number, PageSize: size = '50' } = request.query as Record<string, string>
    const found = account.numbers.filter(({ phone_number }) => number === undefined || phone_number === number)
    return {
      incoming_phone_numbers: found.slice(0, Number(size)),
      page: 0,
      page_size: Number(size),
      next_page_uri: null
    }
  })
  app.get(
    `${base}/IncomingPhoneNumbers/:sid.json`,
    async (request, reply) => numberOf(account, request) ?? notThere(reply)
  )
  app.post(`${base}/IncomingPhoneNumbers/:sid.json`, async (request, reply) => {
    const number = numberOf(account, request)
    return number ? update(number, request.body as Record<string, string>, reply) : notThere(reply)
  })
  app.post(`${base}/Calls.json`, async (request, reply) =>
    place(account, request.body as Record<string, string>, reply)
  )
  app.get(`${base}/Calls/:sid.json`, async (request, reply) => {
    return account.calls.get((request.params as { sid: string }).sid) ?? notThere(reply)
  })
  app.get('/v1/Alerts', async (request) => {
    const { LogLevel, StartDate } = request.query as Record<string, string>
    const since = Date.parse(StartDate ?? '1970-01-01')
    const alerts =
      LogLevel === 'error' ? account.alerts.filter(({ date_created }) => Date.parse(date_created) >= since) : []
    return { alerts: alerts.map(alertOf), meta: { key: 'alerts', page: 0, page_size: 50, next_page_url: null } }
  })
}

function authenticate(account: RestAccount, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  const [, encoded = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? []
  const [user = '', password] = Buffer.from(encoded, 'base64').toString().split(':')
  const expected = user === account.sid ? account.authToken : account.apiKeys.get(user)
  if (expected !== undefined && password === expected) return undefined
  return refuse(reply, 401, 20003, 'Authenticate')
}

/** Fields that Twilio does not know are ignored; the ones that it checks are checked. */
function update(number: RestNumber, form: Record<string, string>, reply: FastifyReply): RestNumber | FastifyReply {
  const { VoiceUrl: url, VoiceMethod: method } = form
  if (url && !/^https?:\/\//.test(url)) return refuse(reply, 400, 21402, `VoiceUrl is not valid: ${url}`)
  if (method !== undefined && !/^(GET|POST)$/.test(method)) {
    return refuse(reply, 400, 21403, `VoiceMethod is not valid: ${method}`)
  }
  for (const [field, column] of Object.entries(NUMBER_FIELDS)) {
    const value = form[field]
    if (value !== undefined) number[column] = value
  }
  return number
}

/** Twilio answers before it rings anybody. */
function place(account: RestAccount, form: Record<string, string>, reply: FastifyReply): FastifyReply {
  const { To: to = '', From: from = '', Url: url = '' } = form
  if (!/^\+[1-9]\d{6,14}$/.test(to))
    return refuse(reply, 400, 21211, `The 'To' number ${to} is not a valid phone number.`)
  if (!account.numbers.some(({ phone_number }) => phone_number === from)) {
    return refuse(reply, 400, 21210, `The source phone number provided, ${from}, is not yet verified for your account.`)
  }
  if (!/^https?:\/\//.test(url)) return refuse(reply, 400, 21205, 'Url is not a valid URL')
  const call: RestCall = { sid: newSid('CA'), to, from, url, status: 'queued' }
  account.calls.set(call.sid, call)
  setImmediate(() => account.dial(call))
  return reply.code(201).send(call)
}

function numberOf(account: RestAccount, request: FastifyRequest): RestNumber | undefined {
  const { sid } = request.params as { sid: string }
  return account.numbers.find((number) => number.sid === sid)
}

function alertOf({ error_code, date_created }: RestAlert) {
  return {
    sid: newSid('NO'),
    error_code,
    log_level: 'error',
    date_created,
    date_generated: date_created,
    alert_text: ''
  }
}

function notThere(reply: FastifyReply): FastifyReply {
  return refuse(reply, 404, 20404, 'The requested resource was not found')
}

function refuse(reply: FastifyReply, status: number, code: number, message: string): FastifyReply {
  return reply.code(status).send({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status })
}
