import { expect, test } from 'vitest'
import * as cues from '../../src/agent/cues.ts'
import { startHouse } from '../house.ts'

const pcmu = { input: { format: { type: 'audio/pcmu' } }, output: { format: { type: 'audio/pcmu' } } }

test("the session is in the telephone's format both ways from its first update on", async () => {
  const house = await startHouse()
  const { session } = await house.connect()
  const update = await session.receives('session.update', ({ session: { audio } }) => audio !== undefined)
  expect(update.session.audio).toMatchObject(pcmu)
  expect(session.config.audio).toMatchObject(pcmu)
})

test('and stays in it when the caller is handed to a specialist', async () => {
  const house = await startHouse()
  const { phone, session } = await house.connect()
  const first = await session.receives('session.update', ({ session: { audio } }) => audio !== undefined)
  await session.say({ ms: 100 })
  await phone.frames.next(({ event }) => event === 'media')
  await session.callTool('transfer_to_Vouchers')
  const handoff = await session.receives('session.update', ({ session: { audio } }) => audio !== undefined)
  expect(handoff.session.instructions).not.toBe(first.session.instructions)
  expect(handoff.session.instructions).toContain('vouchers')
  expect(handoff.session.audio).toMatchObject(pcmu)
  await session.receives('response.create')
  await session.sent.next(({ type }) => type === 'response.created')
  for (const event of session.received.all) {
    if (event.type === 'session.update' && event.session.audio) expect(event.session.audio).toMatchObject(pcmu)
  }
  expect(session.config.audio).toMatchObject(pcmu)
  expect(session.errors).toEqual([])
})

test('the voice is the one that is set, and is given with the first update', async () => {
  const house = await startHouse({ env: { OPENAI_VOICE: 'cedar' } })
  const { session } = await house.connect()
  const update = await session.receives('session.update', ({ session: { audio } }) => audio !== undefined)
  expect(update.session.audio?.output?.voice).toBe('cedar')
})

test.each(['input', 'output'] as const)(
  'a session whose %s is in another format is noise, and ends the call',
  async (way) => {
    const house = await startHouse({ provokes: ['the log'] })
    const { phone, session } = await house.connect()
    await session.sent.next(({ type }) => type === 'session.updated')
    const audio = {
      ...session.config.audio,
      [way]: { ...session.config.audio[way], format: { type: 'audio/pcm', rate: 24_000 } }
    }
    session.send({ type: 'session.updated', session: { ...session.config, audio } })
    expect(await phone.ended).toMatchObject({ by: 'server' })
    expect(phone.said.all).toEqual([expect.stringContaining(cues.apology)])
    expect(await house.records.next()).toMatchObject({ endReason: 'model_wrong_format' })
    const line = await house.log.next(({ level }) => level >= 40)
    expect(JSON.stringify(line)).toContain('audio/pcm')
    await session.closed
  }
)
