import { expect, test } from 'vitest'
import { triageAgent } from '../../src/agent/agent.ts'
import { appointments } from '../../src/agent/appointments.ts'
import { billing } from '../../src/agent/billing.ts'
import { outputGuardrails } from '../../src/agent/guardrails.ts'
import { fakeCall, rehearse } from './rehearsal.ts'

const DIGITS = '1 5 5 5 1 2 3 0 0 0 1'

test('the agent that answers is the Triage Agent, and no agent sets a voice', async () => {
  const { session } = await rehearse(triageAgent, fakeCall().call)
  expect(session.currentAgent.name).toBe('Triage Agent')
  const everyone = [triageAgent, appointments, billing]
  expect(everyone.map((agent) => agent.voice)).toEqual([undefined, undefined, undefined])
})

test('the agent knows the number of the caller, digit by digit, and that it proves nothing', async () => {
  const { instructions } = await rehearse(triageAgent, fakeCall().call)
  expect(instructions).toContain(DIGITS)
  expect(instructions).toContain('no proof of who they are')
  expect(instructions).not.toContain('verified')
})

test('the agent is told that a number is withheld, and no digits', async () => {
  const { instructions } = await rehearse(triageAgent, fakeCall({ from: undefined }).call)
  expect(instructions).toContain('withheld')
  expect(instructions).not.toContain(DIGITS)
})

test('every agent is told the time of its call’s clock', async () => {
  const { call } = fakeCall({ now: () => new Date('2026-03-02T10:00:00-05:00') })
  for (const agent of [triageAgent, appointments, billing]) {
    const { instructions } = await rehearse(agent, call)
    expect(instructions).toContain('Today is Monday, March 2 (2026-03-02), the time at the practice is 10:00.')
  }
})

test('two calls share the agent and not the caller', async () => {
  const first = await rehearse(triageAgent, fakeCall().call)
  const second = await rehearse(triageAgent, fakeCall({ from: '+447700900123' }).call)
  expect(first.instructions).toContain(DIGITS)
  expect(second.instructions).toContain('4 4 7 7 0 0 9 0 0 1 2 3')
  expect(second.instructions).not.toContain(DIGITS)
})

test('an agent whose caller comes back from a failed transfer says so and offers a message', async () => {
  const first = await rehearse(triageAgent, fakeCall().call)
  const back = await rehearse(triageAgent, fakeCall({ returnedFrom: 'billing: no-answer' }).call)
  expect(first.instructions).not.toContain('come back')
  expect(back.instructions).toContain('billing: no-answer')
  expect(back.instructions).toMatch(/Do not greet again.*offer to take a message/)
})

test('every agent answers in the language of the caller, and says something before a tool that takes a moment', async () => {
  for (const agent of [triageAgent, appointments, billing]) {
    const { instructions } = await rehearse(agent, fakeCall().call)
    expect(instructions).toContain('Answer in the language the caller speaks, and change when they change.')
    expect(instructions).toContain('Before a tool that takes a moment, say something short first')
  }
})

test('a handoff gives the model the instructions and tools of the specialist', async () => {
  const { session, tools, handOff } = await rehearse(triageAgent, fakeCall().call)
  expect(tools).toContain('opening_hours')
  const specialist = await handOff('transfer_to_Appointments')
  expect(session.currentAgent.name).toBe('Appointments')
  expect(specialist.tools).toEqual(expect.arrayContaining(['find_slots', 'book_slot', 'end_call']))
  expect(specialist.tools).not.toContain('opening_hours')
  expect(specialist.instructions).toContain('already in conversation')
  expect(specialist.instructions).toContain(DIGITS)
})

test('a specialist hands back what is not theirs', async () => {
  const { session, handOff } = await rehearse(triageAgent, fakeCall().call)
  await handOff('transfer_to_Billing')
  const { tools } = await handOff('transfer_to_Triage_Agent')
  expect(session.currentAgent.name).toBe('Triage Agent')
  expect(tools).toContain('transfer_to_Appointments')
})

test('every price of the list is told to the billing specialist', async () => {
  const { handOff } = await rehearse(triageAgent, fakeCall().call)
  expect((await handOff('transfer_to_Billing')).instructions).toContain('- check-up with x-rays: 95 dollars')
})

test('end_call hangs up and asks for no further response', async () => {
  const { call, did } = fakeCall()
  const { useTool } = await rehearse(triageAgent, call)
  expect(await useTool('end_call')).toMatchObject({ startResponse: false })
  expect(did).toEqual(['endCall'])
})

test('transfer_call puts the caller through and asks for no further response', async () => {
  const { call, did } = fakeCall()
  const { useTool } = await rehearse(triageAgent, call)
  const answer = await useTool('transfer_call', { target: 'Front Desk', summary: 'Ann asks about parking.' })
  expect(answer.startResponse).toBe(false)
  expect(did).toEqual(['transfer to front desk: Ann asks about parking.'])
})

test('a transfer to nobody we know is answered with the names there are', async () => {
  const { call, did } = fakeCall()
  const { useTool } = await rehearse(triageAgent, call)
  const answer = await useTool('transfer_call', { target: '+19005550000', summary: '' })
  expect(answer.output).toContain('front desk, billing')
  expect(answer.startResponse).toBe(true)
  expect(did).toEqual([])
})

test('without anybody to transfer to there is no transfer_call', async () => {
  const somebody = await rehearse(triageAgent, fakeCall().call)
  const nobody = await rehearse(triageAgent, fakeCall({ transferTargets: [] }).call)
  expect(somebody.tools).toContain('transfer_call')
  expect(nobody.tools).not.toContain('transfer_call')
  expect(nobody.instructions).toContain('Nobody can be put on the line')
})

test('an agent that gives a dose is interrupted and told why', async () => {
  const { session, transport } = await rehearse(triageAgent, fakeCall().call, { outputGuardrails })
  const tripped = new Promise((resolve) => session.once('guardrail_tripped', resolve))
  const interrupted = transport.expectCall('interrupt')
  const told = transport.expectCall('sendMessage')
  transport.emit('audio_transcript_delta', {
    type: 'transcript_delta',
    itemId: 'item_1',
    responseId: 'resp_1',
    delta:
      'I am sorry to hear that it hurts so much. Until you are here, you can take 600 milligrams of ibuprofen today. '
  })
  await Promise.all([tripped, interrupted])
  expect(JSON.stringify(await told)).toContain('Never name a diagnosis')
})

test('the agent asks whether it may record, and can write down the answer, only where it has to ask', async () => {
  const asks = fakeCall({ asksToRecord: true })
  const asking = await rehearse(triageAgent, asks.call)
  expect(asking.tools).toContain('record_consent')
  expect(asking.instructions).toContain('# Recording')
  await asking.useTool('record_consent', { agrees: false })
  expect(asks.did).toEqual(['recording refused'])
  const silent = await rehearse(triageAgent, fakeCall().call)
  expect(silent.tools).not.toContain('record_consent')
  expect(silent.instructions).not.toContain('# Recording')
})
