import type { InjectOptions } from 'fastify'
import { expect } from 'vitest'
import type { z } from 'zod'
import { ErrorAnswer } from '../../src/console/schemas.ts'
import { type House, startHouse } from '../house.ts'
import { type Engine, newStoreSettings, open } from '../stores.ts'

export const TOKEN = 'the-token-of-the-console'
export const OURS = { authorization: `Bearer ${TOKEN}` }

type HouseOptions = NonNullable<Parameters<typeof startHouse>[0]>

/** A server with a store and a console, and the test's own look at the store. */
export async function startConsole(engine: Engine = 'SQLite', { overrides, ...options }: HouseOptions = {}) {
  const settings = await newStoreSettings(engine)
  const house = await startHouse({
    ...options,
    overrides: { store: await open(settings), consoleToken: TOKEN, isOverloaded: () => false, ...overrides }
  })
  return { house, settings, store: await open(settings) }
}

/** Asks the API with the token. */
export const ask = ({ app }: House, options: InjectOptions) =>
  app.inject({ ...options, headers: { ...OURS, ...options.headers } })

/** What the API answers, which has to be exactly what its schema says. */
export async function get<Schema extends z.ZodType>(
  house: House,
  url: string,
  schema: Schema
): Promise<z.output<Schema>> {
  const reply = await ask(house, { url })
  expect([reply.statusCode, reply.statusCode === 200 ? '' : reply.body]).toEqual([200, ''])
  return schema.parse(reply.json())
}

/** The status, the code and the sentence of an error. */
export async function refusal(house: House, options: InjectOptions) {
  const reply = await ask(house, options)
  return { status: reply.statusCode, ...ErrorAnswer.parse(reply.json()).error }
}
