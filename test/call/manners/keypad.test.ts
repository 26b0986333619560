import { describe, expect, test } from 'vitest'
import * as cues from '../../../src/agent/cues.ts'
import { vouchers } from '../../agents/pizzeria/vouchers.ts'
import { eventually, startHouse } from '../../house.ts'
import {
  answers,
  calls,
  clears,
  heardMs,
  hears,
  isTold,
  obliging,
  quiet,
  requests,
  runsTool,
  says,
  speak,
  told
} from './scene.ts'

const listens = obliging(() => [says('Thank you.')])
/** The notes that the agent was given, of what it was told. */
const notes = (all: readonly string[]) => all.filter((text) => text.startsWith('['))
const keyed = (digits: string) => JSON.stringify([{ type: 'input_text', text: cues.keyedIn(digits) }])

describe('keys that nobody asked for', () => {
  test.each([
    ['#', '421#', '421'],
    ['a pause', '421', '421'],
    ['a # alone, which is all there is', '#', '#'],
    ['a count, for somebody who leans on the keys', '12345678901234567890123456789012', undefined]
  ])('are given to the agent once, as one message, at %s', async (_what, keys, message) => {
    const house = await startHouse({ model: listens })
    const { phone, session } = await house.connect()
    phone.press(keys)
    await hears(phone, 190)
    expect(notes(told(session))).toEqual([keyed(message ?? keys)])
    expect(requests(session)).toHaveLength(1)
    expect(answers(house)).toEqual(['Thank you.'])
  })

  test('twice in a row are two numbers', async () => {
    const house = await startHouse({ model: listens })
    const { phone, session } = await house.connect()
    phone.press('421#77#')
    await eventually(
      () => notes(told(session)),
      (all) => all.length === 2
    )
    expect(notes(told(session))).toEqual([keyed('421'), keyed('77')])
  })

  test('stop the agent where it was heard, as speech does', async () => {
    const house = await startHouse({ model: listens })
    const { phone, session } = await house.connect()
    void session.say({ ms: 4_000 })
    await hears(phone, 400)
    phone.press('4')
    await phone.frames.next(({ event }) => event === 'clear')
    const heard = heardMs(phone)
    const { audio_end_ms } = await session.receives('conversation.item.truncate')
    expect(Math.abs(audio_end_ms - heard)).toBeLessThan(300)
    phone.press('21#')
    await hears(phone, heard + 190)
    expect(notes(told(session))).toEqual([keyed('421')])
    expect(clears(phone)).toHaveLength(1)
    expect(session.errors).toEqual([])
  })

  test('are in no log and no transcript', async () => {
    const house = await startHouse({ model: listens, env: { LOG_LEVEL: 'trace', LOG_TRANSCRIPTS: 'true' } })
    const { phone, call } = await house.connect()
    phone.press('86753#')
    await hears(phone, 190)
    expect(JSON.stringify(call.transcript.turns)).not.toMatch(/8.?6.?7.?5.?3/)
    phone.hangUp()
    await house.records.next()
    expect(JSON.stringify([house.log.all, house.records.all])).not.toMatch(/8 ?6 ?7 ?5 ?3/)
  })
})

describe('keys that a tool asked for', () => {
  const asks = obliging(({ kind, output }) =>
    kind === 'speech' ? [says('Please key in the six digits.'), calls('check_voucher')] : [says(output ?? 'Pardon?')]
  )
  const startVouchers = () =>
    startHouse({
      env: { LOG_LEVEL: 'trace', LOG_TRANSCRIPTS: 'true' },
      model: asks,
      overrides: { agentFor: () => vouchers }
    })

  test('stay between the caller and the tool: no log, no transcript and no model has them', async () => {
    const house = await startVouchers()
    const { phone, call, session } = await house.connect()
    speak(session, 'What is my voucher worth?')
    await hears(phone, 190)
    await runsTool(call)
    phone.press('100235')
    await session.receives('conversation.item.create', ({ item }) => item.type === 'function_call_output')
    expect(told(session).join()).toContain('The voucher is spent.')
    await quiet(call)
    phone.hangUp()
    await house.records.next()
    const everything = [house.log.all, house.records.all, session.received.all, call.transcript.memory]
    expect(JSON.stringify(everything)).not.toMatch(/1 ?0 ?0 ?2 ?3 ?5/)
  })

  test.each([
    ['# ends them early', '12#', 'No voucher has that number.'],
    ['# alone means none', '#', 'No keys were pressed.']
  ])('%s', async (_what, keys, answer) => {
    const house = await startVouchers()
    const { phone, call, session } = await house.connect()
    speak(session, 'What is my voucher worth?')
    await runsTool(call)
    await hears(phone, 190)
    phone.press(keys)
    await isTold(session, answer)
  })

  test('may end with # although the last one was enough: that is no number of its own, what follows is', async () => {
    const house = await startVouchers()
    const { phone, call, session } = await house.connect()
    speak(session, 'What is my voucher worth?')
    await runsTool(call)
    await hears(phone, 190)
    phone.press('100234#7#')
    await eventually(
      () => notes(told(session)),
      (all) => all.length === 1
    )
    expect(notes(told(session))).toEqual([keyed('7')])
    expect(told(session).join()).toContain('worth 20 euros')
  })

  test('count from the first, also when the caller was quicker than the tool', async () => {
    const model = obliging(({ kind, output }) => (kind === 'speech' ? [calls('check_voucher')] : [says(output ?? '')]))
    const house = await startHouse({ model, overrides: { agentFor: () => vouchers } })
    const { phone, call, session } = await house.connect()
    phone.press('100234')
    await house.log.next(() => true)
    speak(session, 'What is my voucher worth?')
    await isTold(session, 'worth 20 euros')
    await quiet(call)
    expect(notes(told(session))).toEqual([])
  })

  test('are no longer waited for when the caller has hung up', async () => {
    const house = await startVouchers()
    const { phone, call, session } = await house.connect()
    speak(session, 'What is my voucher worth?')
    await runsTool(call)
    phone.hangUp()
    await house.records.next()
    await eventually(
      () => call.activity.isToolRunning,
      (isRunning) => !isRunning
    )
  })
})
