import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import {
  newAccount,
  newNumber,
  newSid,
  type RestAccount,
  type RestCall,
  TwilioRestDouble
} from '../../simulator/rest/twilio-rest.ts'
import { loadConfig } from '../../src/config.ts'
import { CannotFix, fix, undo } from '../../src/doctor/fix.ts'
import { ring } from '../../src/doctor/ring.ts'
import { twilio } from '../../src/doctor/twilio.ts'
import { startConsole, TOKEN } from '../console/console.ts'
import { type House, startHouse } from '../house.ts'
import { newFolder } from '../stores.ts'

const PUBLIC_URL = 'https://agent.example'
const OURS = `${PUBLIC_URL}/incoming-call`

async function startTwilio(given: Partial<RestAccount> = {}) {
  const numbers = [newNumber({ voice_url: OURS })]
  const rest = await TwilioRestDouble.listen(newAccount({ numbers, ...given }))
  onTestFinished(() => rest.close())
  const { sid, authToken } = rest.account
  const env = {
    ...{ OPENAI_API_KEY: 'sk-practice', PUBLIC_URL, TWILIO_API_URL: rest.url },
    ...{ TWILIO_ACCOUNT_SID: sid, TWILIO_AUTH_TOKEN: authToken, DATA_DIR: await newFolder() }
  }
  return { rest, env, number: rest.account.numbers[0] ?? newNumber() }
}

async function found(env: Record<string, string>) {
  const config = loadConfig(env)
  const findings = await twilio({ config, authToken: config.twilio.authToken, localUrl: 'http://127.0.0.1:9' })
  for (const { state, mend } of findings) if (state !== 'ok') expect(mend.length).toBeGreaterThan(10)
  return findings.map(({ code, state }) => `${code} ${state}`)
}

test('an account whose number points here is well, with the token and with an API key', async () => {
  const apiKey = newSid('SK')
  const { env } = await startTwilio({ apiKeys: new Map([[apiKey, 'the-secret']]) })
  const well = ['account ok', 'number ok', 'alerts ok']
  expect(await found(env)).toEqual(well)
  const byKey = {
    ...env,
    TWILIO_API_KEY: apiKey,
    TWILIO_API_SECRET: 'the-secret',
    TWILIO_AUTH_TOKEN: 'not-used-for-rest'
  }
  expect(await found(byKey)).toEqual(well)
})

test('wrong credentials, a wrong key and a Twilio that is away are told apart', async () => {
  const { env } = await startTwilio()
  expect(await found({ ...env, TWILIO_AUTH_TOKEN: 'wrong' })).toEqual(['account bad'])
  expect(await found({ ...env, TWILIO_API_KEY: newSid('SK'), TWILIO_API_SECRET: 'wrong' })).toEqual(['account bad'])
  expect(await found({ ...env, TWILIO_API_URL: 'http://127.0.0.1:9' })).toEqual(['account warn'])
  expect(await found({ ...env, TWILIO_ACCOUNT_SID: '' })).toEqual(['account warn'])
})

test('a suspended account is bad, one on trial a warning', async () => {
  const { rest, env } = await startTwilio()
  rest.account.type = 'Trial'
  expect((await found(env))[0]).toBe('account warn')
  rest.account.status = 'suspended'
  expect((await found(env))[0]).toBe('account bad')
})

test.each([
  ['points elsewhere', { voice_url: 'https://other.example/incoming-call' }, 'bad'],
  ['points nowhere', { voice_url: '' }, 'bad'],
  ['has a query of the developer’s own', { voice_url: `${OURS}?branch=south` }, 'ok'],
  ['is called with GET', { voice_url: OURS, voice_method: 'GET' }, 'warn'],
  ['belongs to a trunk', { voice_url: OURS, trunk_sid: newSid('TK') }, 'bad'],
  ['belongs to an application', { voice_url: OURS, voice_application_sid: newSid('AP') }, 'bad'],
  ['takes no voice', { voice_url: OURS, capabilities: { voice: false, sms: true, mms: false, fax: false } }, 'bad']
])('a number that %s: %j is %s', async (_what, given, state) => {
  const { env } = await startTwilio({ numbers: [newNumber(given)] })
  expect((await found(env))[1]).toBe(`number ${state}`)
})

test('which number is meant: the only one, or the one that is set', async () => {
  const numbers = [
    newNumber({ phone_number: '+15551230001' }),
    newNumber({ phone_number: '+15551230002', voice_url: OURS })
  ]
  const { env } = await startTwilio({ numbers })
  expect((await found(env))[1]).toBe('number warn')
  expect((await found({ ...env, TWILIO_NUMBER: '+15551230002' }))[1]).toBe('number ok')
  expect((await found({ ...env, TWILIO_NUMBER: '+15551230003' }))[1]).toBe('number bad')
  expect((await found((await startTwilio({ numbers: [] })).env))[1]).toBe('number bad')
})

test('what Twilio reported lately is explained, but for the closes that are our own', async () => {
  const at = (hoursAgo: number) => new Date(Date.now() - hoursAgo * 3_600_000).toISOString()
  const alerts = [
    { error_code: '11200', date_created: at(1) },
    { error_code: '11200', date_created: at(2) },
    { error_code: '31920', date_created: at(3) },
    { error_code: '31921', date_created: at(1) },
    { error_code: '12100', date_created: at(30) }
  ]
  const { env } = await startTwilio({ alerts })
  const config = loadConfig(env)
  const findings = await twilio({ config, authToken: config.twilio.authToken, localUrl: '' })
  expect(findings.filter(({ code }) => code === 'alerts').map(({ what }) => what.slice(0, 36))).toEqual([
    'Twilio reported error 11200 2 times ',
    'Twilio reported error 31920 1 times '
  ])
})

test('the number is pointed here, and back', async () => {
  const old = 'https://old.example/voice'
  const { env, number } = await startTwilio({ numbers: [newNumber({ voice_url: old, voice_method: 'GET' })] })
  const config = loadConfig(env)
  const change = await fix(config, { steal: false })
  expect(change).toMatchObject({
    from: { voiceUrl: old, voiceMethod: 'GET' },
    to: { voiceUrl: OURS, voiceMethod: 'POST' }
  })
  expect(number.voice_url).toBe(old)
  await change?.apply()
  expect(number).toMatchObject({ voice_url: OURS, voice_method: 'POST' })
  expect(await fix(config, { steal: false })).toBeUndefined()
  await (await undo(config)).apply()
  expect(number).toMatchObject({ voice_url: old, voice_method: 'GET' })
  await expect(undo(config)).rejects.toThrow('There is nothing to put back')
})

test('a number that another server of this software answers is left to it, unless it is to be stolen', async () => {
  const { url } = await startHouse()
  const { env } = await startTwilio({ numbers: [newNumber({ voice_url: `${url}/incoming-call` })] })
  const config = loadConfig(env)
  await expect(fix(config, { steal: false })).rejects.toThrow(CannotFix)
  expect(await fix(config, { steal: true })).toMatchObject({ to: { voiceUrl: OURS } })
})

test('a number that somebody changed after us is not put back', async () => {
  const { env, number } = await startTwilio({ numbers: [newNumber({ voice_url: 'https://old.example/voice' })] })
  const config = loadConfig(env)
  await (await fix(config, { steal: false }))?.apply()
  number.voice_url = 'https://their.example/voice'
  await expect(undo(config)).rejects.toThrow('It is left so.')
})

test.each([
  ['a trunk’s', { trunk_sid: newSid('TK') }],
  ['an application’s', { voice_application_sid: newSid('AP') }]
])('%s number is not changed', async (_whose, given) => {
  const { env } = await startTwilio({ numbers: [newNumber(given)] })
  await expect(fix(loadConfig(env), { steal: false })).rejects.toThrow(CannotFix)
})

test('a call to a number is rung once, and says how long the agent let it wait', { timeout: 30_000 }, async () => {
  const { house } = await startConsole()
  const { rest, env } = await startTwilio()
  rest.account.dial = (call) => void pickUp(call, house)
  const told: string[] = []
  const ringing = {
    to: '+15550001111',
    localUrl: house.url,
    consoleToken: TOKEN,
    tell: (line: string) => told.push(line)
  }
  expect(await ring({ config: loadConfig(env), ...ringing })).toBe(true)
  expect(told.at(-2)).toBe('The call is completed.')
  expect(told.at(-1)).toMatch(/^The first sound came \d+ ms after the stream began/)
  expect([...rest.account.calls.values()]).toMatchObject([{ to: '+15550001111', from: '+15551230000', url: OURS }])
  rest.account.dial = (call) => {
    call.status = 'busy'
  }
  expect(await ring({ config: loadConfig(env), ...ringing })).toBe(false)
  expect(told.at(-1)).toBe('The call is busy.')
})

/** The callee picks up, hears the agent, and hangs up. */
async function pickUp(placed: RestCall, house: House): Promise<void> {
  placed.status = 'in-progress'
  const { phone, session } = await house.connect({ callSid: placed.sid, direction: 'outbound-api', to: placed.to })
  await session.say({ ms: 200 })
  await phone.frames.next(({ event }) => event === 'mark')
  phone.hangUp()
  await phone.ended
  placed.status = 'completed'
}

/** `npm run doctor`, with one line of standard input. */
async function command(args: string[], env: Record<string, string>, input?: string) {
  const script = join(import.meta.dirname, '../../src/commands/doctor.ts')
  const child = spawn(process.execPath, [script, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    cwd: await newFolder()
  })
  child.stdin.end(input)
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await exit, out, err }
}

test('the command asks, and the end of its input means no', { timeout: 30_000 }, async () => {
  const { env, number } = await startTwilio({ numbers: [newNumber({ voice_url: 'https://old.example/voice' })] })
  const answers = await Promise.all([command(['--fix'], env), command(['--fix'], env, 'n\n')])
  for (const { code, out } of answers) {
    expect(out).toContain('- POST https://old.example/voice')
    expect(out).toContain(`+ POST ${OURS}`)
    expect(out).toContain('Nothing was changed.')
    expect(code).toBe(1)
  }
  expect(number.voice_url).toBe('https://old.example/voice')
  expect((await command(['--fix'], env, 'y\n')).code).toBe(0)
  expect(number.voice_url).toBe(OURS)
  expect((await command(['--undo', '--yes'], env)).code).toBe(0)
  expect(number.voice_url).toBe('https://old.example/voice')
})

test('the command’s exit code is the worst finding, and it prints no secret', { timeout: 30_000 }, async () => {
  const { env } = await startTwilio()
  const local = { ...env, PUBLIC_URL: 'https://127.0.0.1' }
  const [json, told, fresh] = await Promise.all([command(['--json'], local), command([], local), command([], {})])
  const { findings, worst } = JSON.parse(json.out)
  expect([json.code, worst]).toEqual([2, 'bad'])
  expect(findings).toContainEqual(expect.objectContaining({ code: 'public_url', state: 'bad', group: 'address' }))
  expect(told.out).toMatch(/Public address\n {2}.*bad.*only this machine/)
  for (const { out, err } of [json, told]) expect(out + err).not.toContain(env.TWILIO_AUTH_TOKEN)
  expect(fresh.code).toBe(2)
  expect(fresh.out).toContain('Missing OpenAI API key.')
})
