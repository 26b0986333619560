import { expect, test } from 'vitest'
import { quiet } from '../call/manners/scene.ts'
import { type House, isSaid, startHouse } from '../house.ts'
import { AUTH_TOKEN, PUBLIC, TERSE } from './stranger.ts'

const KEY = 'sk-proj-the-key-of-the-account'
const CALLER = '+15557654321'
const CALLED = '+15559876543'
const BILLING = '+15551230007'
const FALLBACK = '+15551230009'
const HEARD = 'my daughter has a toothache'
const SPOKEN = 'I put you through to billing.'
const SUMMARY = 'The caller wants to pay an invoice.'
const ARGUMENT = 'a word for a tool'
const KEYS = '471108'

const env = {
  OPENAI_API_KEY: KEY,
  TWILIO_AUTH_TOKEN: AUTH_TOKEN,
  TRANSFER_TARGETS: `billing=${BILLING}`,
  FALLBACK_NUMBER: FALLBACK,
  LOG_LEVEL: 'info'
}
const tunnel = { authToken: AUTH_TOKEN, publicUrl: PUBLIC, from: CALLER, to: CALLED }

/** The log's lines. The number that was called is the business's own, and stands in one field of one line of a call. */
function withoutOwnNumber({ log }: House): string[] {
  expect(log.all.filter(({ msg }) => msg === 'call ended').map(({ to }) => to)).toEqual([CALLED])
  return log.all.map((line) => JSON.stringify(line.msg === 'call ended' ? { ...line, to: '' } : line))
}

test.each(['POST', 'GET'] as const)(
  'the log of a whole call, whose webhooks are a %s, has no secret, no number but the called one and no word of it',
  async (method) => {
    const house = await startHouse({ env, model: { ...TERSE, apiKey: KEY }, provokes: ['the log', 'Twilio'] })
    const path = '/incoming-call?campaign=InTheQuery'
    const { phone, call, session } = await house.connect({ ...tunnel, method, path })
    session.hearSpeech()
    session.hearSilence(HEARD)
    phone.sendFrame(`not a frame: ${HEARD}`)
    const digits = call.context.collectDigits({ count: KEYS.length, timeoutMs: 5_000 })
    phone.press(KEYS)
    expect(await digits).toBe(KEYS)
    await session.callTool('no_such_tool', { words: ARGUMENT })
    await session.callTool('opening_times', ARGUMENT)
    const asked = {
      type: 'mcp_approval_request',
      id: 'item_1',
      server_label: 'desk',
      name: 'look',
      arguments: ARGUMENT
    }
    session.send({ type: 'conversation.item.done', previous_item_id: null, item: asked })
    // Trouble, whose details tend to be logged: the model is lost and refuses before it is there again.
    session.drop(1011, HEARD)
    const again = await house.model.nextSession(10_000)
    await again.receives('session.update')
    await again.say({ ms: 40, transcript: SPOKEN })
    await again.callTool('put_through', { person: 'billing', reason: SUMMARY })
    await phone.ended
    const record = await house.records.next()
    expect(record).toMatchObject({ from: CALLER, to: CALLED, endReason: 'transferred' })
    await house.log.next(({ msg }) => msg === 'call ended')

    const lines = withoutOwnNumber(house)
    expect(lines.length).toBeGreaterThan(5)
    const secrets = [KEY, AUTH_TOKEN, ...Object.values(phone.customParameters ?? {})]
    const people = [CALLER, CALLED, BILLING, FALLBACK].flatMap((number) => [number, number.slice(1)])
    const words = [HEARD, 'toothache', SPOKEN, SUMMARY, ARGUMENT, KEYS, 'InTheQuery']
    for (const kept of [...secrets, ...people, ...words]) {
      expect(lines.filter((line) => line.includes(kept) || line.includes(encodeURIComponent(kept)))).toEqual([])
    }
    expect(call.transcript.turns.map(({ text }) => text).join()).toContain(SPOKEN)
  }
)

test('the log of calls that fail has no secret and no number either', async () => {
  const house = await startHouse({
    env: { ...env, MAX_CALLS_PER_CALLER: '1', MODEL_RECONNECT_MS: '500' },
    model: { apiKey: 'another key' },
    provokes: ['the log', 'the model', 'Twilio']
  })
  const failed = await house.ring(tunnel)
  await failed.ended
  const declined = await house.ring(tunnel)
  await declined.ended
  await house.ring({ ...tunnel, authToken: 'wrong' }).catch(() => {})
  await house.stream({ ...tunnel, customParameters: { token: 'TheToken.OfSomebody' } })
  await house.log.next(({ why }) => why === 'forged')
  const log = withoutOwnNumber(house).join()
  for (const kept of [KEY, AUTH_TOKEN, CALLER, CALLED, FALLBACK, 'TheToken', 'Bearer']) expect(log).not.toContain(kept)
})

test('what a caller said is in the log where that is asked for', async () => {
  const house = await startHouse({ env: { ...env, LOG_TRANSCRIPTS: 'true' }, model: { ...TERSE, apiKey: KEY } })
  const { phone, call, session } = await house.connect(tunnel)
  await session.say({ ms: 40, transcript: SPOKEN })
  await isSaid(call, SPOKEN)
  await quiet(call)
  phone.hangUp()
  const { said } = await house.log.next(({ msg }) => msg === 'call ended')
  expect(JSON.stringify(said)).toContain('I put you')
})
