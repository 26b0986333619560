import { describe, expect, test } from 'vitest'
import type { PracticeSession } from '../../../simulator/model/practice-model.ts'
import { type House, startHouse } from '../../house.ts'
import { heardMs, hears, obliging, quiet, speak } from '../manners/scene.ts'

/** The eight seconds of MODEL_RECONNECT_MS, and the apology's way to the caller. */
const PATIENCE_MS = 8_000 + 1_500
const LIMIT = { timeout: 40_000 }

const media = ({ event }: { event: string }) => event === 'media'

/** Every session that opens from now on does this once it is configured. */
function eachSession({ model }: House, does: (session: PracticeSession) => void): void {
  const seen = new Set<PracticeSession>()
  model.handshakes.follow(() =>
    setImmediate(() => {
      for (const session of model.sessions) {
        if (seen.has(session)) continue
        seen.add(session)
        does(session)
      }
    })
  )
}

/** Begins an answer to whatever is asked, and says nothing. */
function beginsOnly(session: PracticeSession): void {
  let count = 0
  session.received.follow(({ type }) => {
    if (type !== 'response.create') return
    count += 1
    const response = { object: 'realtime.response', id: `resp_${session.id}_${count}`, status: 'in_progress' }
    session.send({ type: 'response.created', response: { ...response, status_details: null, output: [], usage: null } })
  })
}

describe('a caller is not kept waiting for ever', () => {
  test('by a model that begins its answers and says nothing: the apology comes, after a tone', LIMIT, async () => {
    const house = await startHouse({
      env: { FALLBACK_NUMBER: '+15551230009', GREETING: 'Say hello.', EARLY_GREETING: 'false' },
      model: obliging(),
      provokes: ['the log', 'the model']
    })
    house.model.mute('response')
    eachSession(house, beginsOnly)
    const { phone } = await house.connect()
    const askedAt = performance.now()
    await phone.frames.next(media, 4_000)
    expect(performance.now() - askedAt).toBeLessThan(2_000 + 500)
    expect(await house.records.next(undefined, 20_000)).toMatchObject({ endReason: 'model_mute' })
    expect(performance.now() - askedAt).toBeLessThan(PATIENCE_MS)
    expect((await phone.ended).dialled).toEqual(['+15551230009'])
  })

  test('by one that sends event after event of an answer, and no sound', LIMIT, async () => {
    const house = await startHouse({
      env: { MODEL_RECONNECT_MS: '3000' },
      model: obliging(),
      provokes: ['the log', 'the model']
    })
    house.model.mute('response')
    const { session } = await house.connect()
    const timers: NodeJS.Timeout[] = []
    const babbles = (one: PracticeSession) => {
      beginsOnly(one)
      const part = { item_id: 'item_x', response_id: 'resp_x', output_index: 0, content_index: 0, delta: 'hm' }
      timers.push(setInterval(() => one.send({ type: 'response.output_text.delta', ...part }), 200))
    }
    babbles(session)
    eachSession(house, babbles)
    try {
      speak(session, 'When are you open?')
      const response = { object: 'realtime.response', id: 'resp_x', status: 'in_progress', status_details: null }
      session.send({ type: 'response.created', response: { ...response, output: [], usage: null } })
      const askedAt = performance.now()
      expect(await house.records.next(undefined, 20_000)).toMatchObject({ endReason: 'model_mute' })
      expect(performance.now() - askedAt).toBeLessThan(3_000 + 1_000 + 3_000 + 2_000)
    } finally {
      for (const timer of timers) clearInterval(timer)
    }
  })

  test('by one that never says half an answer more: a third half is its last', LIMIT, async () => {
    const house = await startHouse({ model: obliging(), provokes: ['the log', 'the model'] })
    const { phone, session } = await house.connect()
    for (const one of [session]) one.stallResponse()
    session.received.follow(({ type }) => void (type === 'response.create' && session.stallResponse()))
    eachSession(house, (next) => {
      next.stallResponse()
      next.received.follow(({ type }) => void (type === 'response.create' && next.stallResponse()))
    })
    void session.say({ ms: 800, transcript: 'one two three four' })
    expect(await house.records.next(undefined, 30_000)).toMatchObject({ endReason: 'model_mute' })
    await phone.ended
    expect(house.model.sessions.length).toBeLessThanOrEqual(3)
  })

  test.each(['session.updated', 'response'] as const)('by one that never sends %s', LIMIT, async (what) => {
    const house = await startHouse({
      env: { GREETING: 'Say hello.', EARLY_GREETING: 'false' },
      model: obliging(),
      provokes: ['the log']
    })
    house.model.mute('response')
    house.model.mute(what)
    const phone = await house.ring()
    const rangAt = performance.now()
    await phone.frames.next(media, 4_000)
    expect(performance.now() - rangAt).toBeLessThan(2_000 + 700)
    expect(await house.records.next(undefined, 20_000)).toMatchObject({ endReason: 'model_mute' })
    expect(performance.now() - rangAt).toBeLessThan(PATIENCE_MS)
  })

  test('by a first session that is mute: the second answers, with a tone until then', LIMIT, async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    house.model.mute('response')
    speak(session, 'When are you open?')
    const askedAt = performance.now()
    const next = await house.model.nextSession(9_000)
    house.model.mute(undefined)
    await next.receives('session.update')
    await phone.frames.next(({ event }) => event === 'mark')
    await hears(phone, heardMs(phone) + 190)
    await quiet(call)
    expect(performance.now() - askedAt).toBeLessThan(PATIENCE_MS)
    const tones = phone.frames.all.filter((frame) => frame.event === 'mark' && frame.mark.name.startsWith('house:'))
    // One after two seconds, one three seconds later at most.
    expect(tones.length).toBeGreaterThanOrEqual(1)
    expect(tones.length).toBeLessThanOrEqual(2)
  })
})

test('no tone is heard while nothing is owed, nor over the agent, nor once the answer is there', async () => {
  const house = await startHouse({ model: { ...obliging(), pace: 2 } })
  const { phone, call, session } = await house.connect()
  await session.say({ ms: 3_000 })
  await quiet(call)
  speak(session, 'Thank you.')
  await hears(phone, 3_100)
  await quiet(call)
  expect(phone.frames.all.some((frame) => frame.event === 'mark' && frame.mark.name.startsWith('house:'))).toBe(false)
})
