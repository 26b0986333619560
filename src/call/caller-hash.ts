import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import type { Claims } from './admission.ts'

type Numbers = Pick<Claims, 'direction' | 'from' | 'to'>

/** Without an auth token the hashes of a process are its own. */
const OWN_SECRET = randomBytes(32)

/** The person's number: theirs who rang, or theirs whom an outbound call rang up. Undefined when it is withheld. */
export function callerOf({ direction, from, to }: Numbers): string | undefined {
  return isOutbound(direction) ? to : from
}

/** The business's own number, which is nobody's secret: `to`, or `from` of an outbound call. */
export function ownNumber({ direction, from, to }: Numbers): { readonly from?: string; readonly to?: string } {
  if (isOutbound(direction)) return from === undefined ? {} : { from }
  return to === undefined ? {} : { to }
}

/**
 * Eight hex digits by which the log tells callers apart without their numbers. Keyed: all numbers that there are could be
 * hashed in minutes. The key comes from Twilio's auth token, so that a caller has the same hash on every node.
 */
export function callerHash(numbers: Numbers, authToken: string | undefined): string | undefined {
  const number = callerOf(numbers)
  if (number === undefined) return undefined
  const key = Buffer.from(hkdfSync('sha256', authToken ?? OWN_SECRET, '', 'caller hash', 32))
  return createHmac('sha256', key).update(number).digest('hex').slice(0, 8)
}

function isOutbound(direction: string): boolean {
  return direction.startsWith('outbound')
}
