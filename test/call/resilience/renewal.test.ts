import { describe, expect, test } from 'vitest'
import type { PracticeSession } from '../../../simulator/model/practice-model.ts'
import { distinctSound, eventually, losses, startHouse } from '../../house.ts'
import { heardMs, hears, obliging, quiet, requests, speak, told } from '../manners/scene.ts'

/** The session says anew how long it lives. */
function expiresIn(session: PracticeSession, ms: number): void {
  const expires_at = Math.floor((Date.now() + ms) / 1_000)
  session.send({ type: 'session.created', session: { ...session.config, expires_at } })
}

const renewals = ({ log }: Awaited<ReturnType<typeof startHouse>>) =>
  log.all.filter(({ msg }) => msg.startsWith('renewing'))

describe('an hour is not a wall', () => {
  test('a session is renewed before its time is up, again and again, and the caller notices nothing', async () => {
    const house = await startHouse({ model: { ...obliging(), sessionMs: 4_000 } })
    const { phone, call, session } = await house.connect()
    speak(session, 'My name is Sam.')
    await hears(phone, 190)
    await quiet(call)
    const sound = distinctSound(4_000)
    await phone.play(sound)
    const [second, third] = [await house.model.nextSession(), await house.model.nextSession()]
    await third.receives('conversation.item.create')
    expect(told(third).join()).toContain('My name is Sam.')
    for (const { errors } of [session, second]) expect(errors).toEqual([])
    await session.closed
    // All they said is with one or the other, the seams included.
    const pieces = Array.from({ length: 80 }, (_, index) => sound.subarray(index * 400, (index + 1) * 400))
    await eventually(
      () => pieces.filter((piece) => !house.model.sessions.some(({ audio }) => audio.includes(piece))).length,
      (missing) => missing === 0
    )
    expect(requests(third)).toEqual([])
    expect(call.state.name).toBe('live')
    expect(phone.notes).toEqual([])
  })

  test('not while the agent speaks, and so before the last moment', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    await session.say({ ms: 2_500 })
    await hears(phone, 50)
    // Due at once for a session with a minute to live, were it quiet.
    expiresIn(session, 2_000)
    const next = await house.model.nextSession(8_000)
    // A tenth of its time was left.
    expect(heardMs(phone)).toBeGreaterThan(600)
    await next.receives('session.update')
    expect(call.activity.isAgentSpeaking || heardMs(phone) > 2_400).toBe(true)
  })

  test('a caller who begins to speak while the next session opens finishes with the old one', async () => {
    const house = await startHouse({ model: { ...obliging(), openMs: 400 } })
    const { phone, call, session } = await house.connect()
    await quiet(call)
    expiresIn(session, 8_000)
    await house.log.next(({ msg }) => msg.startsWith('renewing'), 9_000)
    session.hearSpeech()
    const unused = await house.model.nextSession()
    await unused.closed
    session.hearSilence('I am still here.')
    await hears(phone, 190)
    expect(losses(call)).toBe(0)
    const used = await house.model.nextSession()
    await used.receives('session.update')
    expect(told(used).join()).toContain('I am still here.')
  })

  test('a clock that is wrong does not renew for ever', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, session } = await house.connect()
    expiresIn(session, -3_600_000)
    speak(session, 'Hello?')
    await hears(phone, 190)
    expect(renewals(house)).toEqual([])
    expect(house.model.handshakes.all).toHaveLength(1)
  })

  test('a caller who hangs up while the next session opens leaves nothing open', async () => {
    const house = await startHouse({ model: { ...obliging(), openMs: 400 } })
    const { phone, call, session } = await house.connect()
    await quiet(call)
    expiresIn(session, 4_000)
    await house.log.next(({ msg }) => msg.startsWith('renewing'))
    phone.hangUp()
    await house.records.next()
    const next = await house.model.nextSession()
    await Promise.all([session.closed, next.closed])
    expect(house.app.calls.live).toBe(0)
  })

  test('a next session that cannot be had leaves the old one in place', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    await quiet(call)
    house.model.refuse({ status: 503 })
    expiresIn(session, 4_000)
    await house.log.next(({ msg }) => msg.startsWith('renewing'))
    await house.model.handshakes.next()
    speak(session, 'Hello?')
    await hears(phone, 190)
    house.model.refuse(undefined)
    expect(losses(call)).toBe(0)
  })

  test('a renewal that was put off and then refused is made once, and the new session stays', async () => {
    const house = await startHouse({ model: obliging() })
    const { phone, call, session } = await house.connect()
    session.hearSpeech()
    await eventually(
      () => call.activity.isCallerSpeaking,
      (isSpeaking) => isSpeaking
    )
    house.model.refuse({ status: 503 })
    // Put off when a quarter of the time is left, since the caller speaks; refused when a tenth is.
    expiresIn(session, 3_000)
    await house.log.next(({ msg }) => msg.startsWith('renewing'))
    await house.model.handshakes.next()
    await house.model.handshakes.next()
    house.model.refuse(undefined)
    session.hearSilence('That was all.')
    await eventually(
      () => losses(call),
      (generation) => generation === 1
    )
    const [next] = house.model.sessions.slice(-1)
    if (!next) throw new Error('no session took the place of the first')
    await next.receives('session.update')
    const before = heardMs(phone)
    speak(next, 'Are you there?')
    await hears(phone, before + 190)
    await quiet(call)
    expect(losses(call)).toBe(1)
    expect(requests(next)).toEqual([])
  })

  test('and a session that ends without notice is a model that is lost', async () => {
    const house = await startHouse({ model: { ...obliging(), sessionMs: 900 }, provokes: ['the log'] })
    const { phone, session } = await house.connect()
    await session.closed
    const next = await house.model.nextSession()
    await next.receives('session.update')
    speak(next, 'Hello?')
    await hears(phone, 100)
  })
})
