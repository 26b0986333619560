import { expect, test } from 'vitest'
import { GaveUp, playPersona, practicePersona } from '../../../simulator/eval/persona.ts'
import { Scene } from '../../../simulator/eval/scene.ts'
import { TextModel } from '../../../simulator/eval/text-model.ts'

const part = { goal: 'I want a pizza.', facts: { address: '12 Mill Lane', name: 'Kim' }, manners: undefined }
const after = (...said: string[]) =>
  practicePersona({ ...part, said: said.map((text, at) => ({ who: at % 2 === 0 ? 'agent' : 'caller', text })) })

test('the practice persona says what they want, what they know, and goodbye', () => {
  expect(after('Hello. How can I help you?')).toEqual({ say: 'I want a pizza.', isDone: false })
  const asked = ['Hello.', 'I want a pizza.']
  expect(after(...asked, 'What is your address?').say).toBe('12 Mill Lane')
  expect(after(...asked, 'And your name, please?').say).toBe('Kim')
  expect(after(...asked, 'Small or large. Which one would you like?').say).toBe('The first one is fine.')
  expect(after(...asked, 'Shall I do that?').say).toBe('Yes, please.')
  expect(after(...asked, 'It is on its way. Is there anything else?')).toMatchObject({ isDone: true })
})

test('a persona speaks when the agent has finished, and gives up after so many turns', async () => {
  const model = await TextModel.practice({ caller: practicePersona })
  const scene = Scene.parse({ name: 'A', persona: { ...part, manners: 'in a hurry', turns: 2 } })
  let heardOut = 0
  const call = { heardOut: async () => void heardOut++, said: async () => [] }
  const played = playPersona(scene, call, model)
  expect((await played.next()).value).toEqual({ say: 'I want a pizza.' })
  await played.next()
  expect(heardOut).toBe(2)
  await expect(played.next()).rejects.toThrow(GaveUp)
  await model.close()
})
