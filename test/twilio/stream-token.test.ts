import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type StreamClaims, StreamTokens, TOKEN_PARAMETERS } from '../../src/twilio/stream-token.ts'
import { readWebhook } from '../../src/twilio/webhook.ts'

const claims: StreamClaims = {
  callSid: 'CA1',
  from: '+15551230001',
  to: '+15551239999',
  direction: 'inbound',
  parameters: { campaign: 'spring' }
}

/** A clock that a test can turn. */
function tokensAt(authToken = 'secret') {
  const clock = { now: 1_000_000 }
  return { clock, tokens: new StreamTokens(authToken, () => clock.now) }
}

test('a token says who is calling, once', () => {
  const { tokens } = tokensAt()
  const parameters = tokens.issue(claims)
  expect(tokens.redeem(parameters, 'CA1')).toEqual(claims)
  expect(tokens.redeem(parameters, 'CA1')).toBe('used before')
})

test('a withheld number stays withheld', () => {
  const { tokens } = tokensAt()
  const withheld = { callSid: 'CA1', direction: 'inbound', parameters: {} }
  expect(tokens.redeem(tokens.issue(withheld), 'CA1')).toEqual(withheld)
})

test('two answers to the same call have different tokens, each good once', () => {
  const { tokens } = tokensAt()
  const [first, second] = [tokens.issue(claims), tokens.issue(claims)]
  expect(first).not.toEqual(second)
  expect(tokens.redeem(second, 'CA1')).toEqual(claims)
  expect(tokens.redeem(first, 'CA1')).toEqual(claims)
})

test('any node with the same auth token can verify it; another auth token cannot', () => {
  const parameters = tokensAt('secret').tokens.issue(claims)
  expect(tokensAt('secret').tokens.redeem(parameters, 'CA1')).toEqual(claims)
  expect(tokensAt('other').tokens.redeem(parameters, 'CA1')).toBe('forged')
})

describe('is refused', () => {
  const { tokens, clock } = tokensAt()
  const whole = (parameters: Record<string, string>) => Object.values(parameters).join('')
  const changed = (change: (token: string) => string) => () => ({ token: change(whole(tokens.issue(claims))) })
  const caller = (token: string) => {
    const [body = '', signature] = token.split('.')
    const forged = { ...JSON.parse(Buffer.from(body, 'base64url').toString()), from: '+15550000000' }
    return `${Buffer.from(JSON.stringify(forged)).toString('base64url')}.${signature}`
  }
  const table: [string, () => Record<string, string>, string, string][] = [
    ['no token', () => ({}), 'CA1', 'missing'],
    ['an empty one', () => ({ token: '' }), 'CA1', 'missing'],
    ['other parameters alone', () => ({ FirstName: 'Jane' }), 'CA1', 'missing'],
    ['nonsense', () => ({ token: 'nonsense' }), 'CA1', 'forged'],
    ['nonsense with a dot', () => ({ token: 'e30.e30' }), 'CA1', 'forged'],
    ['no signature', changed((token) => token.split('.')[0] ?? ''), 'CA1', 'forged'],
    ['half a signature', changed((token) => token.slice(0, -10)), 'CA1', 'forged'],
    ['another caller under the same signature', changed(caller), 'CA1', 'forged'],
    [
      'a first part alone',
      () => ({ token: tokens.issue({ ...claims, to: 'x'.repeat(600) })['token'] ?? '' }),
      'CA1',
      'forged'
    ],
    ['the token of another call', () => tokens.issue(claims), 'CA2', 'for another call']
  ]
  test.each(table)('%s', (_what, parameters, callSid, why) => {
    expect(tokens.redeem(parameters(), callSid)).toBe(why)
  })

  test('a token whose minute is over', () => {
    const [early, late] = [tokens.issue(claims), tokens.issue(claims)]
    clock.now += 59_999
    expect(tokens.redeem(early, 'CA1')).toEqual(claims)
    clock.now += 1
    expect(tokens.redeem(late, 'CA1')).toBe('expired')
    expect(tokens.redeem(early, 'CA1')).toBe('expired')
  })

  test('a token for another call is not used up by the attempt', () => {
    const parameters = tokens.issue(claims)
    expect(tokens.redeem(parameters, 'CA2')).toBe('for another call')
    expect(tokens.redeem(parameters, 'CA1')).toEqual(claims)
  })
})

describe('fits into <Parameter>s', () => {
  /** Twilio: name and value together stay under 500 characters. */
  function expectFits(parameters: Record<string, string>): void {
    for (const [name, value] of Object.entries(parameters)) {
      expect(name.length + value.length).toBeLessThan(500)
      expect(value).toMatch(/^[\w.-]+$/)
    }
  }

  test('in several parts when there is much to say', () => {
    const { tokens } = tokensAt()
    const much = { ...claims, parameters: { note: 'x'.repeat(500) } }
    const parameters = tokens.issue(much)
    expect(Object.keys(parameters)).toEqual(TOKEN_PARAMETERS.slice(0, Object.keys(parameters).length))
    expect(Object.keys(parameters).length).toBeGreaterThan(1)
    expectFits(parameters)
    expect(tokens.redeem(parameters, 'CA1')).toEqual(much)
  })

  test('with the most that a webhook can bring', () => {
    const { tokens } = tokensAt()
    const long = '\u4e2d'.repeat(1_000)
    const query = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`extra${at}`, '"'.repeat(100)]))
    const most = readWebhook({ CallSid: long, From: long, To: long, Direction: long }, query)
    if (!most) throw new Error('The webhook was not read.')
    const parameters = tokens.issue(most)
    expectFits(parameters)
    expect(tokens.redeem(parameters, most.callSid)).toEqual(most)
  })

  test('whatever the caller is called', () => {
    const { tokens } = tokensAt()
    const name = fc.string({ unit: 'binary', maxLength: 300 })
    fc.assert(
      fc.property(name, name, name, (from, to, note) => {
        const read = readWebhook({ CallSid: 'CA1', From: from, To: to }, { note })
        if (!read) throw new Error('The webhook was not read.')
        const parameters = tokens.issue(read)
        expectFits(parameters)
        expect(tokens.redeem(parameters, 'CA1')).toEqual(read)
      })
    )
  })
})
