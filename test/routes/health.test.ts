import { expect, test } from 'vitest'
import { startHouse } from '../house.ts'

const ask = async (url: string) => {
  const reply = await fetch(url)
  return { status: reply.status, body: await reply.json() }
}

test('a server that runs is alive, and ready for callers', async () => {
  const { url } = await startHouse()
  expect(await ask(`${url}/health`)).toEqual({ status: 200, body: { status: 'alive' } })
  expect(await ask(`${url}/ready`)).toMatchObject({ status: 200, body: { status: 'ready', calls: 0 } })
})

test('it counts the calls it has', async () => {
  const house = await startHouse()
  const call = await house.ring()
  await call.streaming
  await house.answered.next()
  expect(await ask(`${house.url}/ready`)).toMatchObject({ body: { calls: 1 } })
  call.hangUp()
  await house.records.next()
  expect(await ask(`${house.url}/ready`)).toMatchObject({ body: { calls: 0 } })
})

test('a server that drains is alive and not ready, for as long as its last call lasts', async () => {
  const house = await startHouse()
  const call = await house.ring()
  await house.answered.next()
  const drained = house.app.calls.drain(10_000)
  expect(await ask(`${house.url}/health`)).toMatchObject({ status: 200 })
  expect(await ask(`${house.url}/ready`)).toMatchObject({ status: 503, body: { calls: 1 } })
  call.hangUp()
  await drained
})

test('neither is worth a line in the log', async () => {
  const house = await startHouse({ env: { LOG_LEVEL: 'info' } })
  await ask(`${house.url}/health`)
  await ask(`${house.url}/ready`)
  await ask(house.url)
  expect((await house.log.next(({ msg }) => msg === 'request'))['path']).toBe('/')
  expect(house.log.all.filter(({ msg }) => msg === 'request')).toHaveLength(1)
})
