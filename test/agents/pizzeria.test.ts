import { readFileSync } from 'node:fs'
import dotenv from 'dotenv'
import { expect, test } from 'vitest'
import { speak as synthesize } from '../../simulator/sound/speech.ts'
import { answers, speak } from '../call/manners/scene.ts'
import { eventually, type House, type HouseOptions, startHouse } from '../house.ts'

const LIMIT_MS = 12_000

/** In front of the built-in brain. */
const startPizzeria = ({ env }: HouseOptions = {}) => startHouse({ ...(env ? { env } : {}), model: { vad: false } })

const hears = (house: House, answer: RegExp) =>
  eventually(
    () => answers(house).at(-1) ?? '',
    (last) => answer.test(last),
    LIMIT_MS
  )

test('another agent answers as what it is, and its own tools do what the caller wants', async () => {
  const house = await startPizzeria()
  const { session } = await house.connect()
  speak(session, 'Two large Margherita, please, to pick up, for Ann.')
  await hears(house, /^Ordered for Ann: 2 large Margherita\. You can pick it up in twenty minutes\./)
  speak(session, 'Is delivery free?')
  await hears(house, /^Delivery is free from 20 euros/)
  expect(session.errors).toEqual([])
}, 30_000)

test('it greets with its own name', async () => {
  const house = await startPizzeria({ env: { GREETING: undefined } })
  await house.connect()
  await hears(house, /^Hello, this is Pizzeria Napoli\. I am an AI assistant\. How can I help you\?$/)
}, 30_000)

test('the German greeting of the README is German words in a German voice', async () => {
  const { GREETING = '' } = dotenv.parse(readFileSync('README.md', 'utf8').match(/^GREETING=.*$/m)?.[0] ?? '')
  const greeting = 'Guten Tag, hier ist Pizzeria Napoli. Ich bin ein KI-Assistent. Wie kann ich Ihnen helfen?'
  const house = await startPizzeria({ env: { GREETING } })
  const { phone } = await house.connect()
  await hears(house, new RegExp(`^${greeting.replaceAll(/[.?]/g, '\\$&')}$`))
  const german = await synthesize(greeting, { voice: 'de' })
  await eventually(
    () => phone.heard.includes(german.subarray(0, 8_000)),
    (isHeard) => isHeard,
    LIMIT_MS
  )
}, 30_000)
