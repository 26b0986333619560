import { describe, expect, test } from 'vitest'
import * as cues from '../../src/agent/cues.ts'
import type { CallRecord } from '../../src/call/record.ts'
import { eventually, type House, startHouse, webhook } from '../house.ts'

const SORRY = expect.stringContaining(cues.apology)

/** The next webhook that connects a caller fails after the line was taken. */
function breakOnce({ app }: House): void {
  const { tokens } = app.calls
  const issue = tokens.issue.bind(tokens)
  tokens.issue = () => {
    tokens.issue = issue
    throw new Error('no token')
  }
}

async function expectFree(house: House): Promise<void> {
  expect(house.app.calls.warm.size).toBe(0)
  expect(await webhook(house, { CallSid: 'CAother' })).toMatchObject([{ name: 'Connect' }])
}

test('a webhook that fails after it took a line gives it back, and the model that was opened for it', async () => {
  const house = await startHouse({ env: { MAX_CALLS: '1' }, provokes: ['the log'] })
  breakOnce(house)
  const verbs = await webhook(house, { CallSid: 'CA1' })
  expect(verbs).toMatchObject([{ name: 'Say', text: SORRY }, { name: 'Hangup' }])
  await expectFree(house)
})

test('the stop waits for no line of a webhook that failed', async () => {
  const house = await startHouse({ provokes: ['the log'] })
  breakOnce(house)
  await webhook(house, { CallSid: 'CA1' })
  const stoppedAt = performance.now()
  await house.app.calls.drain(5_000)
  expect(performance.now() - stoppedAt).toBeLessThan(500)
})

test('so does one that fails for a caller who was to come back', async () => {
  const house = await startHouse({ env: { MAX_CALLS: '1' }, provokes: ['the log'] })
  const { phone, call } = await house.connect()
  breakOnce(house)
  call.end('stream_lost')
  expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
  expect(phone.said.all).toEqual([SORRY])
  await expectFree(house)
})

test('a repeated webhook that fails takes nothing from the call that is live', async () => {
  const house = await startHouse({ env: { MAX_CALLS: '1' }, provokes: ['the log'] })
  const { phone, session } = await house.connect({ callSid: 'CA1' })
  breakOnce(house)
  await webhook(house, { CallSid: 'CA1' })
  expect(await webhook(house, { CallSid: 'CAother' })).toMatchObject([{ name: 'Reject' }])
  void session.say({ ms: 40 })
  await phone.frames.next(({ event }) => event === 'media')
})

test('a caller who hung up before the stream opened leaves no line and no model behind', async () => {
  const house = await startHouse({ env: { MAX_CALLS: '1' } })
  await webhook(house, { CallSid: 'CA1' })
  expect(house.app.calls.warm.size).toBe(1)
  await webhook(house, { CallSid: 'CA1', CallStatus: 'completed' }, '/call-ended')
  await expectFree(house)
})

describe('a switchboard that closes', () => {
  /** A place for records that takes them when the test says so. */
  function slowStore() {
    const saved: string[] = []
    const { promise: isReady, resolve: open } = Promise.withResolvers<void>()
    const saveRecord = async ({ endReason }: CallRecord) => {
      await isReady
      saved.push(endReason)
    }
    return { saved, open, saveRecord }
  }

  test('waits until the records of the calls that it cuts are saved, and of those that ended just before', async () => {
    const { saved, open, saveRecord } = slowStore()
    const house = await startHouse({ overrides: { saveRecord } })
    const { phone, call } = await house.connect()
    phone.hangUp()
    await call.ended
    await house.connect()
    let isClosed = false
    const closed = house.app.calls.close().then(() => {
      isClosed = true
    })
    await eventually(
      () => house.app.calls.live,
      (live) => live === 0
    )
    expect([isClosed, saved]).toEqual([false, []])
    open()
    await closed
    expect(saved).toEqual(['caller_hung_up', 'drained'])
  })
})
