import { readFileSync } from 'node:fs'
import dotenv from 'dotenv'
import { expect, test } from 'vitest'
import { startHouse } from '../../house.ts'
import { calls, hearsOut, obliging, says, speak } from './scene.ts'

const model = obliging(({ kind }) => (kind === 'speech' ? [calls('transfer_to_Appointments')] : [says('Gern.')]))

test('every agent answers in the language of the caller', async () => {
  const house = await startHouse({ model })
  const { session } = await house.connect()
  const told = 'Answer in the language the caller speaks, and change when they change.'
  expect(session.config.instructions).toContain(told)
  speak(session, 'Guten Tag, ich brauche einen Termin.')
  await hearsOut(house, 'Gern.')
  expect(session.config.instructions).toContain('You book appointments')
  expect(session.config.instructions).toContain(told)
})

test('the greeting of the README opens the call in another language', async () => {
  const readme = readFileSync('README.md', 'utf8')
  const { GREETING = '' } = dotenv.parse(readme.match(/^GREETING=.*$/m)?.[0] ?? '')
  expect(GREETING).toContain('Deutsch')
  const house = await startHouse({ env: { GREETING }, model })
  const { call } = await house.connect()
  await hearsOut(house, GREETING)
  expect(call.transcript.turns).toMatchObject([{ who: 'agent', text: GREETING }])
})
