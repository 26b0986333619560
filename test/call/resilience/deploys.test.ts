import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Inbox } from '../../../simulator/inbox.ts'
import { PracticeModel } from '../../../simulator/model/practice-model.ts'
import { PhoneCall } from '../../../simulator/telephone/telephone.ts'
import { type LogLine, parametersOf, startHouse, webhook } from '../../house.ts'
import { COMPILED } from '../../server-process.ts'
import { newFolder } from '../../stores.ts'
import { hears, obliging } from '../manners/scene.ts'

const SERVER = new URL('../../../src/server.ts', import.meta.url).pathname
const authToken = 'the-token-of-the-account'
/** A process has to start, on a machine that may be busy. */
const START_MS = 12_000

/** @param command what runs `node`, and with what */
async function startServer(command: readonly string[]) {
  const model = await PracticeModel.listen(obliging())
  const [program = process.execPath, ...args] = [...command, SERVER]
  const settings = { OPENAI_API_KEY: 'sk-practice', OPENAI_REALTIME_URL: model.url, GREETING: 'Say hello.' }
  const env = {
    ...{ ...COMPILED, PATH: process.env['PATH'], TWILIO_AUTH_TOKEN: authToken, DATA_DIR: await newFolder() },
    ...{ ...settings, PORT: '0', HOST: '127.0.0.1' }
  }
  const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] })
  const log = new Inbox<LogLine>('log', (line) => `${line.level} ${line.msg}`)
  createInterface(child.stdout).on('line', (line) => log.push(JSON.parse(line)))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await Promise.all([exit, model.close()])
  })
  const { msg } = await log.next((line) => line.msg.startsWith('Server listening at'), START_MS)
  const url = msg.slice('Server listening at '.length)
  const phone = await PhoneCall.ring({ url, authToken })
  onTestFinished(() => phone.hangUp())
  await hears(phone, 390)
  return { child, log, exit, url, model, phone }
}

describe('a server that drains', () => {
  test('keeps the warm model of a caller it answered before, and closes what nobody came for', async () => {
    const house = await startHouse({ model: obliging() })
    const verbs = await webhook(house, { CallSid: 'CA1' })
    const drained = house.app.calls.drain(1_500)
    const phone = await house.stream({ callSid: 'CA1', customParameters: parametersOf(verbs) })
    const session = await house.model.nextSession()
    void session.say({ ms: 100 })
    await hears(phone, 90)
    phone.hangUp()
    await drained
    expect(house.model.handshakes.all).toHaveLength(1)
    expect(house.app.calls.warm.size).toBe(0)
    await session.closed
  })

  test('when its time is up closes the warm model of a caller who never came, and hangs up one who still listens', {
    timeout: 20_000
  }, async () => {
    const house = await startHouse({ model: obliging() })
    await webhook(house, { CallSid: 'CA1' })
    const unused = await house.model.nextSession()
    const { phone, session } = await house.connect()
    void session.say({ ms: 60_000 })
    await hears(phone, 10)
    await house.app.calls.drain(200)
    await unused.closed
    expect(house.app.calls.warm.size).toBe(0)
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup', errors: [] })
    expect(house.records.all).toMatchObject([{ callSid: phone.callSid, endReason: 'drained' }])
  })
})

const canBeFirst = spawnSync('unshare', ['--user', '--pid', '--fork', 'true']).status === 0

test.skipIf(!canBeFirst)(
  'as the first process of its container it stops when it is told to, after its last call',
  { timeout: 30_000 },
  async () => {
    const { child, log, exit, phone } = await startServer([
      'unshare',
      '--user',
      '--pid',
      '--fork',
      '--kill-child',
      process.execPath
    ])
    const first = Number(await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
    process.kill(first, 'SIGTERM')
    await log.next(({ msg }) => msg === 'draining')
    phone.hangUp()
    expect(await exit).toBe(0)
    expect((await log.next(({ msg }) => msg === 'call ended'))['endReason']).toBe('caller_hung_up')
  }
)

test('an error that nobody caught takes no call with it: the server drains, and says that all is not well', {
  timeout: 30_000
}, async () => {
  const stray = 'data:text/javascript,process.on("SIGUSR2",()=>{throw new Error("stray")})'
  const { child, log, exit, url, model, phone } = await startServer([process.execPath, '--import', stray])
  child.kill('SIGUSR2')
  await log.next(({ msg }) => msg === 'draining')
  const late = await PhoneCall.ring({ url, authToken })
  expect(await late.ended).toMatchObject({ by: 'reject' })
  void model.sessions[0]?.say({ ms: 200 })
  await hears(phone, 590)
  phone.hangUp()
  expect(await exit).toBe(1)
  expect(log.all.map(({ msg }) => msg)).toContain('an error that nobody caught')
})
