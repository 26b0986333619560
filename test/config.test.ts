import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as cues from '../src/agent/cues.ts'
import { InvalidEnvironment, loadConfig } from '../src/config.ts'

const KEY = { OPENAI_API_KEY: 'sk-test' }
const MISSING_KEY = 'Missing OpenAI API key. Please set it in the .env file.'

/** What an environment is refused with, a line for each complaint. */
function complaints(env: Record<string, string>): string[] {
  try {
    loadConfig(env)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidEnvironment)
    return (error as Error).message.split('\n')
  }
  return []
}

describe('what is wrong with the environment', () => {
  test('a missing key is one sentence that says what to do', () => {
    expect(complaints({})).toEqual([MISSING_KEY])
    expect(complaints({ OPENAI_API_KEY: '' })).toEqual([MISSING_KEY])
  })

  test.each([
    ['a curly quote', '\u201Csk-test\u201D', 1, 'U+201C'],
    ['a straight quote', '"sk-test"', 1, 'U+0022'],
    ['an ellipsis', 'sk-te\u2026', 6, 'U+2026'],
    ['a blank', 'sk- test', 4, 'U+0020'],
    ["the line's end", 'sk-test\n', 8, 'U+000A'],
    ['a blank that has no width', 'sk-test\u200B', 8, 'U+200B'],
    ['a letter with an accent', 'sk-t\u00E9st', 5, 'U+00E9'],
    ['a pictogram', 'sk-\u{1F511}', 4, 'U+1F511']
  ])('a key with %s in it is refused, and the line says where and quotes nothing', (_what, key, at, code) => {
    expect(complaints({ OPENAI_API_KEY: key })).toEqual([
      `OPENAI_API_KEY: character ${at} of ${[...key].length} is ${code}, which no key has: copy the key once more (see .env.example)`
    ])
  })

  test('a key of printable ASCII is taken', () => {
    expect(complaints({ OPENAI_API_KEY: 'sk-proj_Az09.~/+=!' })).toEqual([])
  })

  test('every bad setting is named at once, each on its own line', () => {
    const lines = complaints({
      PORT: 'http',
      PUBLIC_URL: 'http://agent.example.com',
      MAX_CALLS: '0',
      SILENCE_TIMEOUT_MS: '20s',
      TRANSFER_TARGETS: 'billing=911',
      FALLBACK_NUMBER: '5551230001',
      LOG_TRANSCRIPTS: 'yes',
      GREETING: 'Say hello.',
      ANSWER_SAY: 'Hello.'
    })
    expect(lines[0]).toBe(MISSING_KEY)
    expect(lines.slice(1).map((line) => line.split(':')[0])).toEqual([
      'PORT',
      'PUBLIC_URL',
      'MAX_CALLS',
      'SILENCE_TIMEOUT_MS',
      'TRANSFER_TARGETS',
      'FALLBACK_NUMBER',
      'LOG_TRANSCRIPTS',
      'ANSWER_SAY'
    ])
  })

  test.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['MAX_CALLS', '1.5'],
    ['MAX_CALL_MS', '0'],
    ['DRAIN_TIMEOUT_MS', 'Infinity'],
    ['EARLY_GREETING', '1'],
    ['OPENAI_REALTIME_URL', 'https://api.openai.com/v1/realtime'],
    ['OPENAI_REALTIME_URL', 'wss://api.openai.com/v1/realtime?model=gpt-realtime'],
    ['LOG_LEVEL', 'verbose']
  ])('%s=%s is refused', (name, value) => {
    const lines = complaints({ ...KEY, [name]: value })
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(new RegExp(`^${name}: `))
  })

  test.each([
    ['PORT', 'a port', 0, 65_535],
    ['MAX_CALLS', 'a whole number', 1, 1_000_000],
    ['MAX_CALLS_PER_CALLER', 'a whole number', 1, 1_000_000],
    ['MIN_INTERRUPTION_MS', 'milliseconds', 0, 2_147_483_647],
    ['MAX_CALL_MS', 'milliseconds', 1, 2_147_483_647],
    ['SILENCE_TIMEOUT_MS', 'milliseconds', 1, 2_147_483_647],
    ['MODEL_RECONNECT_MS', 'milliseconds', 1, 2_147_483_647],
    ['DRAIN_TIMEOUT_MS', 'milliseconds', 1, 2_147_483_647]
  ])('%s is %s from %i to %i, and the error says so', (name, what, least, greatest) => {
    const range = `${name}: expected ${what} from ${least} to ${greatest} (see .env.example)`
    for (const value of [least - 1, greatest + 1, 'many', '1e400', `${least}.5`]) {
      expect([value, complaints({ ...KEY, [name]: `${value}` })]).toEqual([value, [range]])
    }
    for (const value of [least, greatest]) expect(complaints({ ...KEY, [name]: `${value}` })).toEqual([])
  })

  test('a bad setting points at the file that shows how it is written', () => {
    expect(complaints({ ...KEY, FALLBACK_NUMBER: 'reception' })).toEqual([
      'FALLBACK_NUMBER: expected a number like +15551230001 (see .env.example)'
    ])
  })

  test('no value of a setting is quoted back but a transfer target, which is no secret', () => {
    const lines = complaints({ ...KEY, OPENAI_REALTIME_URL: 'http://user:secret@host', PORT: 'secret' })
    expect(lines.join('\n')).not.toContain('secret')
  })
})

describe('a name that is nearly a setting', () => {
  test.each([
    ['MAX_CALS', 'MAX_CALLS'],
    ['MAX_CALL', 'MAX_CALL_MS'],
    ['max_calls', 'MAX_CALLS'],
    ['SILENCE_TIMEOUT', 'SILENCE_TIMEOUT_MS'],
    ['TWILLIO_AUTHTOKEN', 'TWILIO_AUTH_TOKEN'],
    ['PUBILC_URL', 'PUBLIC_URL'],
    ['GREETNIG', 'GREETING']
  ])('%s is refused and %s proposed', (name, meant) => {
    const lines = complaints({ ...KEY, [name]: 'secret' })
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^${name}: there is no such setting; ${meant} is one`))])
    expect(lines.join()).not.toContain('secret')
  })

  test('is left alone where that one is set too: it is another program’s', () => {
    expect(complaints({ ...KEY, OPENAI_API_KEY_2: 'sk', MAX_CALLS: '', MAX_CALS: '5' })).toEqual([])
  })

  test.each([
    ...['OPENAI_ORG_ID', 'OPENAI_TOKEN', 'NGROK_AUTHTOKEN', 'TWILIO_REGION', 'TWILIO_EDGE'],
    ...['HOSTNAME', 'HOSTS', 'SORT', 'REPORT', 'MAIL', 'PATH', 'NODE_ENV', 'LOGNAME', 'npm_config_loglevel']
  ])('%s is none', (name) => {
    expect(complaints({ ...KEY, [name]: 'something' })).toEqual([])
  })
})

describe('what is not set', () => {
  test('an empty setting is one that is not set', () => {
    const names = [
      'OPENAI_MODEL',
      'OPENAI_REALTIME_URL',
      'PORT',
      'HOST',
      'PUBLIC_URL',
      'TWILIO_AUTH_TOKEN',
      'EARLY_GREETING',
      'MAX_CALLS',
      'MAX_CALL_MS',
      'TRANSFER_TARGETS',
      'FALLBACK_NUMBER',
      'LOG_LEVEL'
    ]
    const empty = Object.fromEntries(names.map((name) => [name, '']))
    expect(loadConfig({ ...KEY, ...empty })).toEqual(loadConfig(KEY))
  })

  test('settings of other programs are left alone', () => {
    expect(loadConfig({ ...KEY, PATH: '/bin', NGROK_AUTHTOKEN: 'token' })).toEqual(loadConfig(KEY))
  })

  test('the settings cannot be changed afterwards', () => {
    const config = loadConfig(KEY)
    const parts = Object.values(config)
    expect([config, ...parts].every((part) => Object.isFrozen(part))).toBe(true)
  })
})

describe('the caller hears exactly one opening', () => {
  test('the agent greets, unless something else is said', () => {
    const { greeting, say } = loadConfig(KEY).call
    expect(greeting).toContain('AI assistant')
    expect(say).toBe('')
  })

  test('a greeting of your own takes the place of the default', () => {
    const { greeting, say } = loadConfig({ ...KEY, GREETING: 'Begrüße den Anrufer.' }).call
    expect({ greeting, say }).toEqual({ greeting: 'Begrüße den Anrufer.', say: '' })
  })

  test('a sentence for Twilio takes the place of the default greeting', () => {
    const { greeting, say } = loadConfig({ ...KEY, ANSWER_SAY: 'One moment.' }).call
    expect({ greeting, say }).toEqual({ greeting: '', say: 'One moment.' })
  })

  test('with an empty greeting Twilio says that the line is open', () => {
    const { greeting, say } = loadConfig({ ...KEY, GREETING: '' }).call
    expect({ greeting, say }).toEqual({ greeting: '', say: cues.lineIsOpen })
  })

  test('with both empty nobody speaks first', () => {
    const { greeting, say } = loadConfig({ ...KEY, GREETING: '', ANSWER_SAY: '' }).call
    expect({ greeting, say }).toEqual({ greeting: '', say: '' })
  })

  test('an empty sentence for Twilio leaves the greeting to the agent', () => {
    expect(loadConfig({ ...KEY, ANSWER_SAY: '' }).call).toEqual(loadConfig(KEY).call)
  })

  test('two openings are refused, and the refusal says how to choose', () => {
    const lines = complaints({ ...KEY, GREETING: 'Say hello.', ANSWER_SAY: 'Hello.' })
    expect(lines).toEqual([expect.stringMatching(/^ANSWER_SAY: .*GREETING= \(empty\)/)])
  })
})

describe('transfer targets', () => {
  const targets = (value: string) => [...loadConfig({ ...KEY, TRANSFER_TARGETS: value }).call.transferTargets]

  test('names with numbers, separated by commas, spaces around them ignored', () => {
    expect(targets('billing=+15551230001, front desk = +15551230002 ,')).toEqual([
      ['billing', '+15551230001'],
      ['front desk', '+15551230002']
    ])
  })

  test('nobody, unless somebody is named', () => {
    expect([...loadConfig(KEY).call.transferTargets]).toEqual([])
  })

  test.each(['billing', '+15551230001', '=+15551230001', 'billing=5551230001', 'billing=sip:desk@example.com'])(
    '%s is refused and quoted',
    (entry) => {
      const lines = complaints({ ...KEY, TRANSFER_TARGETS: `front desk=+15551230002,${entry}` })
      expect(lines).toEqual([expect.stringContaining(`got "${entry}"`)])
    }
  )

  test('a name that stands there twice is refused', () => {
    const lines = complaints({ ...KEY, TRANSFER_TARGETS: 'billing=+15551230001, billing=+15551230002' })
    expect(lines).toEqual([
      'TRANSFER_TARGETS: expected each name once; "billing" stands there twice (see .env.example)'
    ])
  })

  test('a gateway’s own query is kept', () => {
    const url = 'wss://gateway.example.com/v1/realtime?region=eu'
    expect(loadConfig({ ...KEY, OPENAI_REALTIME_URL: url }).openai.url).toBe(url)
  })
})

describe('the public address', () => {
  test.each(['https://agent.example.com', 'https://agent.example.com/', 'https://AGENT.example.com:443'])(
    '%s is an origin',
    (url) => {
      expect(loadConfig({ ...KEY, PUBLIC_URL: url }).server.publicUrl).toBe('https://agent.example.com')
    }
  )

  test.each([
    'http://agent.example.com',
    'agent.example.com',
    'https://agent.example.com/incoming-call',
    'https://agent.example.com?a=b',
    'https://user:password@agent.example.com',
    'wss://agent.example.com'
  ])('%s is refused', (url) => {
    expect(complaints({ ...KEY, PUBLIC_URL: url })).toEqual([expect.stringMatching(/^PUBLIC_URL: expected an/)])
  })
})

test('a server without a key ends with code 1 and says so', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'no-env-'))
  onTestFinished(() => rm(cwd, { recursive: true }))
  const server = join(import.meta.dirname, '../src/server.ts')
  const child = spawn(process.execPath, [server], { cwd, env: {} })
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `${MISSING_KEY}\n` })
})

describe('where webhooks go', () => {
  const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`

  test.each([
    [
      { WEBHOOK_URL: 'ftp://crm.example.com', WEBHOOK_SECRET },
      'WEBHOOK_URL: expected a URL like https://crm.example.com/calls'
    ],
    [
      { WEBHOOK_URL: 'https://user:password@crm.example.com', WEBHOOK_SECRET },
      'WEBHOOK_URL: expected no user or password in it'
    ],
    [
      { WEBHOOK_URL: 'https://crm.example.com' },
      'WEBHOOK_SECRET: WEBHOOK_URL needs one to sign with; `npm run webhook -- listen` makes one'
    ],
    [
      { WEBHOOK_SECRET: 'whsec_c2hvcnQ=' },
      'WEBHOOK_SECRET: expected whsec_ and 24 to 64 bytes in base64; `npm run webhook -- listen` makes one'
    ],
    [
      { WEBHOOK_SECRET: `${WEBHOOK_SECRET},${WEBHOOK_SECRET},${WEBHOOK_SECRET}` },
      'WEBHOOK_SECRET: expected one secret, or two with a comma while one is replaced'
    ],
    [{ WEBHOOK_INCLUDE: 'audio' }, 'WEBHOOK_INCLUDE: expected transcript, or nothing'],
    [
      { WEBHOOK_RETRY_MS: '100,soon' },
      'WEBHOOK_RETRY_MS: expected milliseconds from 1 to 2147483647, separated by commas, such as 5000,300000'
    ]
  ])('%j is refused with a sentence', (env, sentence) => {
    expect(complaints({ ...KEY, ...env } as Record<string, string>)).toEqual([expect.stringContaining(sentence)])
  })
})
