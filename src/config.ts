import { z } from 'zod'
import * as cues from './agent/cues.ts'
import { misspelt } from './misspelt.ts'
import { phoneNumber } from './phone-number.ts'
import { hasPrice } from './records/prices.ts'
import { isSecret } from './webhooks/signature.ts'

/** Node's timers run what is put off longer than this, some 25 days, at once. */
export const LONGEST_MS = 2 ** 31 - 1
const durationMs = wholeNumber('milliseconds', 1, LONGEST_MS)
const count = wholeNumber('a whole number', 1, 1_000_000)
const flag = z.enum(['true', 'false'], 'expected true or false').transform((value) => value === 'true')
const realtimeUrl = z
  .url({ protocol: /^wss?$/, error: 'expected a URL like wss://api.openai.com/v1/realtime', abort: true })
  .refine((value) => !new URL(value).searchParams.has('model'), 'expected no ?model= in it: OPENAI_MODEL says which')

const databaseUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'expected a URL like postgres://user:password@host:5432/database'
})
const dollars = z.coerce.number('expected US dollars above 0').positive('expected US dollars above 0')
const days = wholeNumber('days', 1, 36_500)

const webUrl = (example: string) =>
  z
    .url({ protocol: /^https?$/, error: `expected a URL like ${example}`, abort: true })
    // `fetch` refuses such a URL.
    .refine((value) => new URL(value).username === '', 'expected no user or password in it')

/** `whsec_…`, and a second one while the first is replaced. */
const webhookSecrets = z.string().transform((value, context): readonly string[] => {
  const secrets = value.split(',').map((secret) => secret.trim())
  if (secrets.length > 2) context.addIssue('expected one secret, or two with a comma while one is replaced')
  if (!secrets.every(isSecret)) {
    context.addIssue('expected whsec_ and 24 to 64 bytes in base64; `npm run webhook -- listen` makes one')
  }
  return secrets
})

/** `100,200,400`. */
const waitsMs = z.string().transform((value, context): readonly number[] => {
  const parsed = value.split(',').map((part) => durationMs.safeParse(part.trim() || undefined))
  if (parsed.every(({ success }) => success)) return parsed.flatMap(({ data }) => data ?? [])
  context.addIssue(`expected milliseconds from 1 to ${LONGEST_MS}, separated by commas, such as 5000,300000`)
  return z.NEVER
})
const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Between the attempts to send a webhook: the schedule that Standard Webhooks proposes. */
const WEBHOOK_WAITS_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR)]

const publicOrigin = z
  .url({ protocol: /^https$/, error: 'expected an https origin like https://agent.example.com', abort: true })
  .refine((value) => new URL(value).href === `${new URL(value).origin}/`, 'expected an origin without a path or query')
  .transform((value) => new URL(value).origin)

const httpOrigin = z
  .url({ protocol: /^https?$/, error: 'expected an origin like http://127.0.0.1:8080' })
  .transform((value) => new URL(value).origin)

/** `billing=+15551230001,front desk=+15551230002` as a map from name to number. */
const transferTargets = z.string().transform((value, context): ReadonlyMap<string, string> => {
  const targets = new Map<string, string>()
  for (const entry of value.split(',').filter((part) => part.trim() !== '')) {
    const [, name = '', number = ''] = /^([^=]*)=(.*)$/.exec(entry)?.map((part) => part.trim()) ?? []
    if (targets.has(name)) context.addIssue(`expected each name once; "${name}" stands there twice`)
    else if (name !== '' && phoneNumber.safeParse(number).success) targets.set(name, number)
    else context.addIssue(`expected name=+15551230001, separated by commas; got "${entry.trim()}"`)
  }
  return targets
})

const MISSING_KEY = 'Missing OpenAI API key. Please set it in the .env file.'

/**
 * A header takes printable ASCII alone (RFC 9110, 5.5), and no key has blanks or quotes in it: they come along from web
 * pages, from `docker --env-file` and with the line's end of a secret in a file. The key itself is not quoted in the error.
 */
const apiKey = z.string(MISSING_KEY).superRefine((value, context) => {
  const characters = [...value]
  const at = characters.findIndex((character) => !/^[!-~]$/.test(character) || /['"`]/.test(character))
  if (at < 0) return
  const code = characters[at]?.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  context.addIssue(`character ${at + 1} of ${characters.length} is U+${code}, which no key has: copy the key once more`)
})

/** Every setting, its default and its check. The README's table and .env.example are compared with this by a test. */
export const Environment = z.object({
  OPENAI_API_KEY: apiKey,
  OPENAI_MODEL: z.string().default('gpt-realtime-2.1'),
  OPENAI_VOICE: z.string().default('marin'),
  OPENAI_REALTIME_URL: realtimeUrl.default('wss://api.openai.com/v1/realtime'),
  OPENAI_TRACING: flag.default(false),
  PORT: wholeNumber('a port', 0, 65_535).default(5050),
  HOST: z.string().default('0.0.0.0'),
  PUBLIC_URL: publicOrigin.optional(),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: databaseUrl.optional(),
  KEEP_AUDIO_DAYS: days.default(30),
  KEEP_WORDS_DAYS: days.default(90),
  KEEP_CALLS_DAYS: days.default(365),
  CONSOLE_TOKEN: z.string().min(16, 'expected at least 16 characters').optional(),
  LISTEN: flag.default(false),
  TWILIO_AUTH_TOKEN: z.string().optional(),
  TWILIO_ACCOUNT_SID: sid('AC', 'an account').optional(),
  TWILIO_API_KEY: sid('SK', 'an API key').optional(),
  TWILIO_API_SECRET: z.string().optional(),
  TWILIO_NUMBER: phoneNumber.optional(),
  TWILIO_API_URL: httpOrigin.optional(),
  GREETING: z.string().optional(),
  EARLY_GREETING: flag.default(true),
  ANSWER_SAY: z.string().optional(),
  RECORDING: z.enum(['off', 'announce', 'ask'], 'expected off, announce or ask').default('off'),
  MAX_CALLS: count.default(100),
  MAX_CALLS_PER_CALLER: count.default(10),
  MAX_CALL_MS: durationMs.default(1_800_000),
  MAX_CALL_COST_USD: dollars.optional(),
  MAX_DAY_COST_USD: dollars.optional(),
  MIN_INTERRUPTION_MS: wholeNumber('milliseconds', 0, LONGEST_MS).default(0),
  PROTECT_GREETING: flag.default(false),
  SILENCE_TIMEOUT_MS: durationMs.default(20_000),
  MODEL_RECONNECT_MS: durationMs.default(8_000),
  DRAIN_TIMEOUT_MS: durationMs.default(120_000),
  TRANSFER_TARGETS: transferTargets.default(new Map()),
  FALLBACK_NUMBER: phoneNumber.optional(),
  REMEMBER_CALLERS: flag.default(false),
  RESULT_MODEL: z.string().optional(),
  EVAL_MODEL: z.string().default('gpt-6-luna'),
  OPENAI_BASE_URL: webUrl('https://api.openai.com/v1').default('https://api.openai.com/v1'),
  WEBHOOK_URL: webUrl('https://crm.example.com/calls').optional(),
  WEBHOOK_SECRET: webhookSecrets.optional(),
  WEBHOOK_INCLUDE: z.enum(['transcript'], 'expected transcript, or nothing').optional(),
  WEBHOOK_RETRY_MS: waitsMs.default(WEBHOOK_WAITS_MS),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  LOG_TRANSCRIPTS: flag.default(false),
  LOG_TOOL_ERRORS: flag.default(false)
})

/** Names every bad variable, a line each. */
export class InvalidEnvironment extends Error {
  override name = 'InvalidEnvironment' as const
}

/** An empty value has a meaning for these two. For every other setting it means "not set". */
const MAY_BE_EMPTY = new Set(['GREETING', 'ANSWER_SAY'])

/** The process's environment. No other code reads it. */
export const environment = process.env

/** Reads the settings from `env` alone. Pure. @throws InvalidEnvironment that names every bad variable */
export function loadConfig(env: Readonly<Record<string, string | undefined>>) {
  const present = presentIn(env)
  const parsed = Environment.safeParse(present)
  const complaints = parsed.success ? [] : parsed.error.issues.map(complaint)
  if ((present['TWILIO_API_KEY'] === undefined) !== (present['TWILIO_API_SECRET'] === undefined)) {
    complaints.push('TWILIO_API_KEY: a key and its TWILIO_API_SECRET are set together')
  }
  if (present['GREETING'] && present['ANSWER_SAY']) {
    complaints.push('ANSWER_SAY: the caller hears exactly one opening; set GREETING= (empty) to open with <Say>')
  }
  if (present['WEBHOOK_URL'] && !present['WEBHOOK_SECRET']) {
    complaints.push('WEBHOOK_SECRET: WEBHOOK_URL needs one to sign with; `npm run webhook -- listen` makes one')
  }
  if (parsed.data) complaints.push(...withoutPrice(parsed.data))
  for (const [name, meant] of misspelt(Object.keys(env), Object.keys(Environment.shape))) {
    complaints.push(
      `${name}: there is no such setting; ${meant} is one (or set that too, if this is another program's)`
    )
  }
  if (!parsed.success || complaints.length > 0) throw new InvalidEnvironment(complaints.join('\n'))
  return freeze(parsed.data)
}

/** A limit on what is spent needs the price of every model that spends it. */
function withoutPrice(env: z.infer<typeof Environment>): string[] {
  const why = (model: 'OPENAI_MODEL' | 'RESULT_MODEL') =>
    `${env[model]} (${model}) has no price in src/records/prices.ts`
  return (['MAX_CALL_COST_USD', 'MAX_DAY_COST_USD'] as const).flatMap((limit) => {
    if (env[limit] === undefined) return []
    const models =
      limit === 'MAX_DAY_COST_USD' ? (['OPENAI_MODEL', 'RESULT_MODEL'] as const) : (['OPENAI_MODEL'] as const)
    const unknown = models.filter((model) => env[model] !== undefined && !hasPrice(env[model]))
    return unknown.map((model) => `${limit}: ${why(model)}, so its cost cannot be limited`)
  })
}

/** Where the store is: a command needs no more. Pure. @throws InvalidEnvironment that names every bad variable */
export function loadStoreSettings(env: Readonly<Record<string, string | undefined>>) {
  const parsed = Environment.pick({ DATA_DIR: true, DATABASE_URL: true }).safeParse(presentIn(env))
  if (!parsed.success) throw new InvalidEnvironment(parsed.error.issues.map(complaint).join('\n'))
  return { dataDir: parsed.data.DATA_DIR, databaseUrl: parsed.data.DATABASE_URL }
}

/** What is told to whom: a command needs no more. Pure. @throws InvalidEnvironment that names every bad variable */
export function loadWebhookSettings(env: Readonly<Record<string, string | undefined>>) {
  const parsed = Environment.pick({ WEBHOOK_URL: true, WEBHOOK_SECRET: true }).safeParse(presentIn(env))
  if (!parsed.success) throw new InvalidEnvironment(parsed.error.issues.map(complaint).join('\n'))
  return { url: parsed.data.WEBHOOK_URL, secrets: parsed.data.WEBHOOK_SECRET }
}

export type Config = ReturnType<typeof loadConfig>

function presentIn(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => value !== undefined && (value !== '' || MAY_BE_EMPTY.has(name)))
  )
}

/** Twilio's name of a resource: two letters that say what it is, and 32 hexadecimal digits. */
function sid(kind: string, what: string) {
  return z.string().regex(new RegExp(`^${kind}[0-9a-f]{32}$`), `expected the SID of ${what}: ${kind} and 32 digits`)
}

/** A numeric setting; its error says its range. */
function wholeNumber(what: string, from: number, to: number) {
  const error = `expected ${what} from ${from} to ${to}`
  return z.coerce.number(error).int(error).min(from, error).max(to, error)
}

function complaint(issue: z.core.$ZodIssue): string {
  return issue.message === MISSING_KEY ? MISSING_KEY : `${String(issue.path[0])}: ${issue.message} (see .env.example)`
}

/** What Twilio speaks before the stream opens. */
function openingSay({ ANSWER_SAY, RECORDING }: z.infer<typeof Environment>, greeting: string): string {
  const say = ANSWER_SAY ?? (greeting === '' ? cues.lineIsOpen : '')
  if (RECORDING !== 'announce') return say
  return say === '' ? cues.recordingNotice : `${cues.recordingNotice} ${say}`
}

function freeze(env: z.infer<typeof Environment>) {
  // ANSWER_SAY replaces the default greeting: the caller hears exactly one opening.
  const greeting = env.GREETING ?? (env.ANSWER_SAY ? '' : cues.defaultGreeting)
  return Object.freeze({
    /** Every setting by its name, for whoever shows them. */
    inForce: Object.freeze(env),
    openai: Object.freeze({
      apiKey: env.OPENAI_API_KEY,
      model: env.OPENAI_MODEL,
      voice: env.OPENAI_VOICE,
      url: env.OPENAI_REALTIME_URL,
      tracing: env.OPENAI_TRACING
    }),
    server: Object.freeze({
      port: env.PORT,
      host: env.HOST,
      publicUrl: env.PUBLIC_URL,
      dataDir: env.DATA_DIR,
      databaseUrl: env.DATABASE_URL,
      drainTimeoutMs: env.DRAIN_TIMEOUT_MS
    }),
    keep: Object.freeze({
      audioDays: env.KEEP_AUDIO_DAYS,
      wordsDays: env.KEEP_WORDS_DAYS,
      callsDays: env.KEEP_CALLS_DAYS
    }),
    console: Object.freeze({ token: env.CONSOLE_TOKEN, listen: env.LISTEN }),
    twilio: Object.freeze({
      authToken: env.TWILIO_AUTH_TOKEN,
      accountSid: env.TWILIO_ACCOUNT_SID,
      apiKey: env.TWILIO_API_KEY,
      apiSecret: env.TWILIO_API_SECRET,
      number: env.TWILIO_NUMBER,
      apiUrl: env.TWILIO_API_URL
    }),
    call: Object.freeze({
      greeting,
      earlyGreeting: env.EARLY_GREETING,
      say: openingSay(env, greeting),
      recording: env.RECORDING,
      maxCalls: env.MAX_CALLS,
      maxCallsPerCaller: env.MAX_CALLS_PER_CALLER,
      maxCallMs: env.MAX_CALL_MS,
      maxCallCostUsd: env.MAX_CALL_COST_USD,
      maxDayCostUsd: env.MAX_DAY_COST_USD,
      minInterruptionMs: env.MIN_INTERRUPTION_MS,
      protectGreeting: env.PROTECT_GREETING,
      silenceTimeoutMs: env.SILENCE_TIMEOUT_MS,
      modelReconnectMs: env.MODEL_RECONNECT_MS,
      transferTargets: env.TRANSFER_TARGETS,
      fallbackNumber: env.FALLBACK_NUMBER,
      rememberCallers: env.REMEMBER_CALLERS
    }),
    result:
      env.RESULT_MODEL === undefined
        ? undefined
        : Object.freeze({ model: env.RESULT_MODEL, url: env.OPENAI_BASE_URL, apiKey: env.OPENAI_API_KEY }),
    webhooks:
      env.WEBHOOK_URL === undefined
        ? undefined
        : Object.freeze({
            url: env.WEBHOOK_URL,
            secrets: env.WEBHOOK_SECRET ?? [],
            retryMs: env.WEBHOOK_RETRY_MS,
            hasWords: env.WEBHOOK_INCLUDE === 'transcript'
          }),
    log: Object.freeze({ level: env.LOG_LEVEL, transcripts: env.LOG_TRANSCRIPTS, toolErrors: env.LOG_TOOL_ERRORS })
  })
}
