import { expect, test } from 'vitest'
import { tone } from '../../../simulator/sound/mulaw.ts'
import { eventually, startHouse } from '../../house.ts'
import { calls, heardMs, hears, obliging, quiet, requests, says, speak } from './scene.ts'

/** A minute of music in one piece, as a developer may play it while a tool works. */
const MUSIC = Buffer.from(tone(60_000)).toString('base64')

test('sound of the server’s own delays the silence watch by nothing, and is no turn of anybody’s', async () => {
  const house = await startHouse({ model: obliging(), env: { SILENCE_TIMEOUT_MS: '600' } })
  const { phone, call, session } = await house.connect()
  call.caller.play(MUSIC, 'house')
  await hears(phone, 100)
  await session.receives('response.create', undefined, 3_000)
  expect(requests(session)).toHaveLength(1)
  expect(call.activity.isAgentSpeaking).toBe(false)
  expect(call.transcript.turns).toEqual([])
})

test('an agent that hangs up while it plays is heard at once, and the line closes after the goodbye', async () => {
  const house = await startHouse({ model: obliging(() => [says('Goodbye.', 500), calls('hang_up')]) })
  const { phone, call, session } = await house.connect()
  call.caller.play(MUSIC, 'house')
  await hears(phone, 200)
  // The tool that it played for has answered: the music goes, and the agent speaks.
  call.interrupt()
  const before = heardMs(phone)
  speak(session, 'Bye.')
  expect(await phone.ended).toMatchObject({ by: 'server', reason: 'hangup' })
  expect(heardMs(phone) - before).toBeGreaterThan(450)
  expect(heardMs(phone) - before).toBeLessThan(1_500)
  expect(call.transcript.turns.map(({ text }) => text)).toContain('Goodbye.')
})

test('a tool that runs under it is answered, and its words are heard in full', async () => {
  const house = await startHouse({ model: obliging() })
  const { phone, call, session } = await house.connect()
  call.caller.play(Buffer.from(tone(800)).toString('base64'), 'house')
  await session.say({ ms: 300, transcript: 'It is done.' })
  await hears(phone, 1_050)
  await quiet(call)
  await eventually(
    () => call.transcript.turns,
    (turns) => turns.length === 1 && turns[0]?.text === 'It is done.' && !turns[0].cut
  )
})
