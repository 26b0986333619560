import { describe, expect, test } from 'vitest'
import type { DialResult } from '../../../simulator/telephone/telephone.ts'
import * as cues from '../../../src/agent/cues.ts'
import { type House, isSaid, reaches, startHouse, webhook } from '../../house.ts'
import { answers, calls, heardMs, hears, obliging, quiet, requests, says, speak, told } from './scene.ts'

const env = { TRANSFER_TARGETS: 'billing=+15551230001,front desk=+15551230002' }

/** Announces the transfer and asks for it. */
const helpful = obliging(({ kind, instructions }) => {
  if (kind === 'speech')
    return [
      says('I am putting you through to billing.', 800),
      calls('put_through', { person: 'billing', reason: 'Sam Taylor asks about an invoice of 95 dollars.' })
    ]
  return [says(instructions.includes('The guest is back') ? 'Nobody is there.' : 'What now?')]
})

const nobody = (status: DialResult['status']) => ({ dial: () => ({ status }) })
const pathsOf = (webhooks: readonly { url: string }[]) => webhooks.map(({ url }) => new URL(url).pathname)

/** The agent's side of a caller who came back. */
async function back(house: House) {
  const call = await house.answered.next()
  await reaches(call, 'live')
  return { call, session: await house.model.nextSession() }
}

describe('a caller who is put through', () => {
  test('hears who to, to the last word, and talks to that person until they hang up', async () => {
    const house = await startHouse({ env, model: helpful })
    const { phone, session } = await house.connect({ dial: () => ({ status: 'completed', talkMs: 100 }) })
    speak(session, 'Can I talk to somebody about my bill?')
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup', dialled: ['+15551230001'] })
    expect(heardMs(phone)).toBeGreaterThan(780)
    expect(await house.records.next()).toMatchObject({ endReason: 'transferred' })
    expect(house.records.all).toHaveLength(1)
    expect(requests(session)).toEqual([])
  })

  test('is introduced to that person in one sentence, before the two are connected', async () => {
    const house = await startHouse({ env, model: helpful })
    const { phone, session } = await house.connect()
    speak(session, 'Billing, please.')
    await phone.ended
    expect(phone.whispers.all).toEqual([
      { number: '+15551230001', said: ['Sam Taylor asks about an invoice of 95 dollars.'] }
    ])
    expect(pathsOf(phone.webhooks.all)).toEqual(['/incoming-call', '/call-ended', '/transfer-summary', '/call-ended'])
  })

  test('hears who to also when the agent forgot to say it', async () => {
    const model = obliging(() => [calls('put_through', { person: 'front desk', reason: '' })])
    const house = await startHouse({ env, model })
    const { phone, session } = await house.connect()
    speak(session, 'The front desk, please.')
    expect(await phone.ended).toMatchObject({ dialled: ['+15551230002'] })
    expect(answers(house)).toEqual([cues.announceTransfer('front desk')])
    expect(heardMs(phone)).toBeGreaterThan(380)
    expect(phone.whispers.all).toEqual([])
  })

  test('and speaks over the announcement is put through all the same', async () => {
    const house = await startHouse({ env, model: helpful })
    const { phone, session } = await house.connect()
    speak(session, 'Billing, please.')
    await hears(phone, 200)
    session.hearSpeech()
    expect(await phone.ended).toMatchObject({ dialled: ['+15551230001'] })
  })
})

describe('a person who is not there', () => {
  test.each(['no-answer', 'busy', 'failed'] as const)(
    '(%s): the caller is back with the agent, which knows why and what was said',
    async (status) => {
      const house = await startHouse({ env: { ...env, GREETING: 'Say hello.' }, model: helpful })
      const { phone, call, session } = await house.connect(nobody(status))
      await quiet(call)
      speak(session, 'Can I talk to somebody about my bill?')
      const returned = await back(house)
      const { session: config } = await returned.session.receives('session.update')
      expect(config.instructions).toContain(`The guest is back: nobody answered (billing: ${status}).`)
      await isSaid(returned.call, 'Nobody is there.')
      const known = told(returned.session).join('\n')
      expect(known).toContain('Can I talk to somebody about my bill?')
      expect(known).toContain('I am putting you through to billing.')
      // One opening on one call: nobody says hello again.
      expect(JSON.stringify(requests(returned.session))).not.toContain('Say hello.')
      await quiet(returned.call)
      phone.hangUp()
      expect(await phone.ended).toMatchObject({ by: 'caller' })
      expect(house.records.all.map(({ endReason }) => endReason)).toEqual(['transferred', 'caller_hung_up'])
    }
  )

  test('the caller is never declined: not when all lines are taken since', async () => {
    const house = await startHouse({ env: { ...env, MAX_CALLS: '1' }, model: helpful })
    const dial = async (): Promise<DialResult> => {
      expect(await webhook(house, { CallSid: 'CAother' })).toMatchObject([{ name: 'Connect' }])
      return { status: 'busy' }
    }
    const { phone, session } = await house.connect({ dial })
    speak(session, 'Billing, please.')
    const { call } = await back(house)
    expect(call.context.callSid).toBe(phone.callSid)
    expect(await webhook(house, { CallSid: 'CAthird' })).toMatchObject([{ name: 'Reject' }])
  })

  test('and not when the server has begun to drain', async () => {
    const house = await startHouse({ env, model: helpful })
    const other = await house.connect()
    let drained: Promise<void> | undefined
    const dial = (): DialResult => {
      drained = house.app.calls.drain(10_000)
      return { status: 'no-answer' }
    }
    const { phone, session } = await house.connect({ dial })
    speak(session, 'Billing, please.')
    other.phone.hangUp()
    await back(house)
    await hears(phone, 800 + 190)
    phone.hangUp()
    await drained
  })

  test('may be tried again: the second time somebody picks up', async () => {
    const house = await startHouse({ env, model: helpful })
    const results: DialResult[] = [{ status: 'busy' }, { status: 'completed' }]
    const { phone, session } = await house.connect({ dial: () => results.shift() ?? { status: 'failed' } })
    speak(session, 'Billing, please.')
    const returned = await back(house)
    await hears(phone, 800 + 190)
    speak(returned.session, 'Try again, please.')
    expect(await phone.ended).toMatchObject({ by: 'server', dialled: ['+15551230001', '+15551230001'] })
  })
})

describe('a call goes nowhere but to those who are named', () => {
  test('a name that is not among them is answered with those that are', async () => {
    const model = obliging(({ kind }) =>
      kind === 'speech' ? [calls('put_through', { person: '+15559990000', reason: '' })] : [says('I cannot do that.')]
    )
    const house = await startHouse({ env, model })
    const { phone, session, call } = await house.connect()
    speak(session, 'Put me through to +15559990000.')
    await hears(phone, 190)
    expect(told(session).join()).toContain('only: billing, front desk.')
    expect(call.state.name).toBe('live')
  })

  test('with nobody named the agent has no such tool', async () => {
    const house = await startHouse({ model: helpful })
    const { session } = await house.connect()
    const { session: config } = await session.receives('session.update')
    expect(JSON.stringify(config.tools)).not.toContain('put_through')
    expect(config.instructions).toContain('Nobody can come to the phone.')
  })
})
