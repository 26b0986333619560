import { describe, expect, test } from 'vitest'
import { closedBy, describeSessionError, isBenign, refusedUpgrade } from '../../src/realtime/errors.ts'

describe('why there is no model', () => {
  test.each([
    [401, 'rejected', true],
    [403, 'rejected', true],
    [404, 'rejected', true],
    [429, 'refused', false],
    [500, 'refused', false],
    [503, 'refused', false]
  ])('an upgrade answered %s', (status, trouble, isFinal) => {
    expect(refusedUpgrade(status)).toMatchObject({ trouble, isFinal, code: status })
  })

  test.each([
    [3000, 'invalid_api_key', 'rejected', true],
    [3000, undefined, 'rejected', true],
    [4000, 'invalid_model', 'rejected', true],
    [4004, 'model_not_found', 'rejected', true],
    [1000, 'insufficient_quota', 'rejected', true],
    [1001, 'session_expired', 'closed', false],
    [1006, undefined, 'closed', false],
    [1011, undefined, 'closed', false],
    [1011, 'conversation_already_has_active_response', 'closed', false]
  ])('a socket closed with %s after %s', (code, lastError, trouble, isFinal) => {
    expect(closedBy(code, lastError)).toMatchObject({ trouble, isFinal, code: lastError ?? code })
  })
})

describe('an error of the session', () => {
  const apiError = { type: 'error', error: { type: 'error', error: { code: 'invalid_value', message: 'No.' } } }
  test.each([
    ['from the API', apiError, { code: 'invalid_value', message: 'No.' }],
    [
      'from the API without a code',
      { error: { error: { code: null, message: 'No.' } } },
      { code: undefined, message: 'No.' }
    ],
    ['from our own code', { type: 'error', error: new Error('broken') }, { code: undefined, message: 'broken' }],
    ['that is no object', 'gone', { code: undefined, message: 'undefined' }],
    ['that is nothing', undefined, { code: undefined, message: 'undefined' }]
  ])('%s is described', (_what, error, expected) => {
    expect(describeSessionError(error)).toEqual(expected)
  })

  test.each([
    ['response_cancel_not_active', 'Cancellation failed: no active response found', true],
    ['invalid_value', 'Audio content of 9800ms is already shorter than 11579ms', true],
    ['invalid_value', 'Invalid value.', false],
    [undefined, 'broken', false]
  ])('%s (%s) is benign: %s', (code, message, expected) => {
    expect(isBenign({ code, message })).toBe(expected)
  })
})
