import { expect, test } from 'vitest'
import { type House, startHouse, webhook } from '../house.ts'

async function expectFree(house: House): Promise<void> {
  expect(house.app.calls.warm.size).toBe(0)
  expect(await webhook(house, { CallSid: 'CAother' })).toMatchObject([{ name: 'Connect' }])
}

test('a caller who hung up before the stream opened leaves no line and no model behind', async () => {
  const house = await startHouse({ env: { MAX_CALLS: '1' } })
  await webhook(house, { CallSid: 'CA1' })
  expect(house.app.calls.warm.size).toBe(1)
  await webhook(house, { CallSid: 'CA1', CallStatus: 'completed' }, '/call-ended')
  await expectFree(house)
})
