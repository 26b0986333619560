import { describe, expect, test } from 'vitest'
import { type Alert, Alerts } from '../../src/metrics/alerts.ts'
import { startHouse } from '../house.ts'

const NOON = Date.UTC(2026, 10, 24, 12)
const MINUTE_MS = 60_000

/** Alerts whose time is the test's, and what they have told. */
function watch(maxDayUsd?: number) {
  const told: Alert[] = []
  const alerts = new Alerts(maxDayUsd, (alert) => told.push(alert))
  alerts.close()
  /** What was told since this was asked last. */
  const news = (now: number) => {
    alerts.look(now)
    return told.splice(0)
  }
  return { alerts, news }
}

describe('models that fail', () => {
  test('fire an alert at the third in five minutes, once, and it is over when all are long ago', () => {
    const { alerts, news } = watch()
    for (const minute of [0, 1]) alerts.failed(NOON + minute * MINUTE_MS)
    expect(news(NOON + 2 * MINUTE_MS)).toEqual([])
    alerts.failed(NOON + 2 * MINUTE_MS)
    const at = NOON + 2 * MINUTE_MS
    expect(news(at)).toEqual([{ name: 'model_failures', state: 'fired', value: 3, threshold: 3, at }])
    alerts.failed(NOON + 3 * MINUTE_MS)
    // Two are left, and a third would make no new alert of it.
    expect(news(NOON + 6.5 * MINUTE_MS)).toEqual([])
    expect(news(NOON + 9 * MINUTE_MS)).toMatchObject([{ name: 'model_failures', state: 'resolved', value: 0 }])
    expect(news(NOON + 20 * MINUTE_MS)).toEqual([])
  })

  test('that are spread over the day fire none', () => {
    const { alerts, news } = watch()
    for (let minute = 0; minute < 60; minute += 3) alerts.failed(NOON + minute * MINUTE_MS)
    expect(news(NOON + 60 * MINUTE_MS)).toEqual([])
  })
})

describe('slow answers', () => {
  const say = (alerts: Alerts, count: number, ms: number, at: number) => {
    for (let one = 0; one < count; one += 1) alerts.responded(ms, at)
  }

  test('fire an alert where one in ten takes over 2.5 s, and it is over below 2 s, not in between', () => {
    const { alerts, news } = watch()
    say(alerts, 9, 800, NOON)
    say(alerts, 1, 4_000, NOON)
    expect(news(NOON)).toEqual([])
    say(alerts, 1, 4_000, NOON)
    expect(news(NOON)).toEqual([{ name: 'response_p90_ms', state: 'fired', value: 4_000, threshold: 2_500, at: NOON }])
    say(alerts, 30, 2_200, NOON + 5 * MINUTE_MS)
    expect(news(NOON + 5 * MINUTE_MS)).toEqual([])
    say(alerts, 400, 900, NOON + 6 * MINUTE_MS)
    expect(news(NOON + 6 * MINUTE_MS)).toMatchObject([{ name: 'response_p90_ms', state: 'resolved', value: 900 }])
  })

  test('of fewer than ten are no alert, however slow', () => {
    const { alerts, news } = watch()
    say(alerts, 9, 9_000, NOON)
    expect(news(NOON)).toEqual([])
  })
})

describe('what the day costs', () => {
  test.each([
    ['50 dollars by default', undefined, 50],
    ['four fifths of MAX_DAY_COST_USD', 10, 8]
  ])('fires an alert at %s, and it is over at midnight', (_what, limit, threshold) => {
    const { alerts, news } = watch(limit)
    alerts.spent(threshold - 0.01, NOON)
    expect(news(NOON)).toEqual([])
    alerts.spent(0.01, NOON)
    expect(news(NOON)).toMatchObject([{ name: 'day_cost_usd', state: 'fired', threshold }])
    expect(news(NOON + 11 * 60 * MINUTE_MS)).toEqual([])
    expect(news(NOON + 12 * 60 * MINUTE_MS)).toMatchObject([{ name: 'day_cost_usd', state: 'resolved', value: 0 }])
  })
})

test('three calls whose model cannot be had are one alert in the log', async () => {
  const house = await startHouse({ provokes: ['the log', 'the model'], env: { MODEL_RECONNECT_MS: '200' } })
  house.model.refuse({ status: 401 })
  for (let call = 0; call < 4; call += 1) await (await house.ring()).ended
  const fired = house.log.all.filter(({ msg }) => msg === 'an alert has fired')
  expect(fired).toMatchObject([{ alert: 'model_failures', value: 3, threshold: 3 }])
})
