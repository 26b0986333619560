import { describe, expect, test } from 'vitest'
import { cleanText, readWebhook } from '../../src/twilio/webhook.ts'

const ring = { CallSid: 'CA1', From: '+15551230001', To: '+15551239999', Direction: 'inbound' }

test('a webhook says who calls whom', () => {
  expect(readWebhook(ring, {})).toEqual({
    callSid: 'CA1',
    from: '+15551230001',
    to: '+15551239999',
    direction: 'inbound',
    parameters: {}
  })
})

test.each([
  ['no CallSid', {}],
  ['an empty CallSid', { CallSid: '' }],
  ['a CallSid that is no text', { CallSid: 7 }]
])('%s is nobody', (_what, params) => {
  expect(readWebhook(params, {})).toBeUndefined()
})

test('a withheld number is undefined, and a missing direction is inbound', () => {
  expect(readWebhook({ CallSid: 'CA1', From: '' }, {})).toEqual({
    callSid: 'CA1',
    direction: 'inbound',
    parameters: {}
  })
})

describe('a value', () => {
  test.each([
    ['that is repeated counts once', ['+1', '+2'], '+1'],
    ['that is too long is cut', '+'.repeat(1_000), '+'.repeat(128)],
    ['is rid of what XML cannot say', '\u0000+1\ud8005\uffff', '+15'],
    ['that is cut inside a character loses it whole', `${'a'.repeat(127)}👋`, 'a'.repeat(127)]
  ])('%s', (_what, From, from) => {
    expect(readWebhook({ ...ring, From }, {})?.from).toBe(from)
  })
})

describe('the query of the webhook', () => {
  test("brings the developer's own values, and none of Twilio's", () => {
    const query = { campaign: 'spring', CallSid: 'CA9', From: '+1', '1st': 'x', 'a-b': 'x', empty: '' }
    expect(readWebhook(ring, query)?.parameters).toEqual({ campaign: 'spring' })
  })

  test('is bounded as a whole', () => {
    const query = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`p${at}`, 'x'.repeat(100)]))
    const { parameters = {} } = readWebhook(ring, query) ?? {}
    expect(Object.keys(parameters).length).toBeGreaterThan(1)
    expect(JSON.stringify(parameters).length).toBeLessThan(700)
  })
})

test('clean text keeps its words, lines and signs', () => {
  expect(cleanText(' Grüße,\n 您好 👋 <&> ')).toBe('Grüße,\n 您好 👋 <&>')
})
