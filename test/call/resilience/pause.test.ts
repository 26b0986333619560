import { expect, test } from 'vitest'
import { receivesAudio, startHouse } from '../../house.ts'
import { heardMs, hears, quiet, says } from '../manners/scene.ts'

const isTrial = process.env['TRIAL'] === 'pauses'
const TIMES = isTrial ? 10 : 3
const OPEN_MS = 300

test('a model that is lost in the middle of an answer is a pause of well under a second', {
  timeout: 60_000
}, async () => {
  const pauses: number[] = []
  const house = await startHouse({
    model: { vad: false, pace: 1, openMs: OPEN_MS, brain: () => [says('And so on.', 300)] }
  })
  const { phone, call, session } = await house.connect()
  let now = session
  let heard = 0
  for (let time = 0; time < TIMES; time++) {
    void now.say({ ms: 3_000, transcript: 'one two three four five six' })
    await hears(phone, heard + 250)
    const before = phone.frames.all.length
    const lostAt = performance.now()
    now.drop()
    now = await house.model.nextSession()
    await expect
      .poll(() => phone.frames.all.slice(before).some(({ event }) => event === 'media'), {
        timeout: 5_000,
        interval: 1
      })
      .toBe(true)
    pauses.push(performance.now() - lostAt)
    await quiet(call)
    // Longer than a new session has to live to count as back.
    await receivesAudio(now, now.audioMs + 2_000)
    heard = heardMs(phone)
  }
  const sorted = pauses.toSorted((one, other) => one - other).map(Math.round)
  if (isTrial) console.log({ openMs: OPEN_MS, median: sorted[Math.floor(TIMES / 2)], max: sorted.at(-1), all: sorted })
  expect(sorted.at(-1)).toBeLessThan(house.config.call.modelReconnectMs)
})
