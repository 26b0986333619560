import { expect, test } from 'vitest'
import { startHouse } from '../house.ts'

test('the front page says that the server is running', async () => {
  const { url } = await startHouse()
  const reply = await fetch(url)
  expect(reply.status).toBe(200)
  expect(await reply.json()).toEqual({ message: 'Twilio Media Stream Server is running!' })
})

test('a page that is not there is 404, and nothing of the server is told', async () => {
  const { url } = await startHouse()
  const reply = await fetch(`${url}/admin`)
  expect(reply.status).toBe(404)
  expect(reply.headers.get('x-powered-by')).toBeNull()
})
