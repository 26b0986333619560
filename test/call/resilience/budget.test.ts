import { describe, expect, test } from 'vitest'
import type { PracticeSession, Refusal } from '../../../simulator/model/practice-model.ts'
import * as cues from '../../../src/agent/cues.ts'
import { receivesAudio, startHouse } from '../../house.ts'

const SORRY = expect.stringContaining(cues.apology)

function rejects(session: PracticeSession, code: string, closeCode: number): void {
  const error = { type: 'invalid_request_error', code, message: 'No.', param: null, event_id: null }
  session.send({ type: 'error', error })
  session.drop(closeCode, `invalid_request_error.${code}`)
}

describe('a model that is lost in the call and not to be had again within the budget', () => {
  // An attempt that the end of the budget cuts off is one that got no answer.
  const refusals: [string, Refusal, RegExp][] = [
    ['it answers 503', { status: 503 }, /^model_(refused|unreachable)$/],
    ['it closes each time', { code: 'server_error', closeCode: 1011 }, /^model_(closed|unreachable)$/],
    ['it resets the connection', 'reset', /^model_unreachable$/],
    ['it does not answer', 'hang', /^model_unreachable$/]
  ]
  test.each(refusals)(
    'is apologised for, and the caller put through to a person: %s',
    async (_what, refusal, endReason) => {
      const house = await startHouse({
        env: { MODEL_RECONNECT_MS: '700', FALLBACK_NUMBER: '+15551230009' },
        provokes: ['the log']
      })
      const { phone, session } = await house.connect()
      house.model.refuse(refusal)
      const lostAt = performance.now()
      session.drop(1011, 'server_error')
      expect(await house.records.next()).toMatchObject({ endReason: expect.stringMatching(endReason) })
      expect(performance.now() - lostAt).toBeLessThan(700 + 2_000)
      expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup', dialled: ['+15551230009'], errors: [] })
      expect(phone.said.all[0]).toEqual(SORRY)
    }
  )

  test('has its whole budget again after an outage that is over', async () => {
    const house = await startHouse({ env: { MODEL_RECONNECT_MS: '1500' }, model: { vad: false } })
    const { session } = await house.connect()
    let last = session
    for (let outage = 0; outage < 2; outage++) {
      house.model.refuse({ status: 503 })
      last.drop(1011)
      await house.log.next(({ msg }) => msg === 'the model was lost')
      for (let attempt = 0; attempt < 2; attempt++) await house.model.handshakes.next()
      house.model.refuse(undefined)
      last = await house.model.nextSession()
      // Longer than it takes to count as back.
      await last.receives('session.update')
      await receivesAudio(last, 3_600)
    }
    expect(house.app.calls.live).toBe(1)
  })
})

describe('a failure that is final is not tried again', () => {
  test.each([
    ['invalid_api_key', 3000],
    ['insufficient_permissions', 3000],
    ['invalid_model', 4000],
    ['insufficient_quota', 4000]
  ])('%s', async (code, closeCode) => {
    const house = await startHouse({ provokes: ['the log'] })
    const { phone, session } = await house.connect()
    rejects(session, code, closeCode)
    expect(await house.records.next()).toMatchObject({ endReason: 'model_rejected' })
    expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup', errors: [] })
    expect(phone.said.all).toEqual([SORRY])
    expect(house.model.handshakes.all).toHaveLength(1)
  })
})
