import { expect, test } from 'vitest'
import { agentFor } from '../../src/agent/agent.ts'
import { takenMessages } from '../../src/agent/messages.ts'
import { kept } from '../../src/call/events.ts'
import { agentItems } from '../../src/records/agent-items.ts'
import { calls, isTold, obliging, says, speak } from '../call/manners/scene.ts'
import { eventually, journalOf, startHouse } from '../house.ts'
import { ENGINES, newStoreSettings, open } from '../stores.ts'

const MESSAGE = { from: 'Ann Canary', phone: '+15550009999', text: 'My crown came off, please ring me.' }
const model = obliging(({ kind }) =>
  kind === 'speech' ? [calls('take_message', MESSAGE)] : [says('I have written it down.')]
)

test.each(ENGINES)(
  'a message that a caller leaves is kept with the call in %s, told of, and not logged',
  async (engine) => {
    const settings = await newStoreSettings(engine)
    const house = await startHouse({ model, overrides: { agentFor, store: await open(settings) } })
    const { phone, call, session } = await house.connect({ from: '+15551230001' })
    speak(session, 'Please take a message.')
    await isTold(session, 'The message was written down.')
    phone.hangUp()
    await call.ended
    const taken = journalOf(call).flatMap(({ event }) => (event.type === 'message_taken' ? [event] : []))
    expect(taken).toEqual([{ type: 'message_taken', ...MESSAGE }])
    expect(taken.map(kept)).toEqual(taken)
    await eventually(
      () => house.log.all.map(({ msg }) => msg),
      (messages) => messages.includes('call ended')
    )
    const logged = JSON.stringify(house.log.all)
    for (const word of ['Canary', '0009999', 'crown']) expect(logged).not.toContain(word)
    // Another server on the same database has it, when this one is gone.
    await house.app.close()
    const [message, ...more] = await takenMessages(agentItems(await open(settings)))
    expect(message).toEqual({ ...MESSAGE, at: expect.any(Number), callSid: call.context.callSid })
    expect(more).toEqual([])
  }
)

test('a message that could not be kept is not told of, and the caller learns it', async () => {
  const store = await open(await newStoreSettings('SQLite'))
  const house = await startHouse({ model, overrides: { agentFor, store }, provokes: ['the log'] })
  const { call, session } = await house.connect()
  await store.db.schema.dropTable('agentItems').execute()
  speak(session, 'Please take a message.')
  await isTold(session, 'This could not be done')
  expect(journalOf(call).map(({ event }) => event.type)).not.toContain('message_taken')
})
