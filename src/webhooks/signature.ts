import { createHmac, timingSafeEqual } from 'node:crypto'

/** Standard Webhooks 1.0.0: a receiver refuses what is older or newer than this. */
const TOLERANCE_S = 300

export interface SignedHeaders {
  readonly 'webhook-id': string
  /** Seconds since the epoch, of this attempt. */
  readonly 'webhook-timestamp': string
  /** One signature for each secret, with a blank between them. */
  readonly 'webhook-signature': string
}

/** @param secrets `whsec_…`; two while one is replaced by the other */
export function sign(secrets: readonly string[], id: string, body: string, now = Date.now()): SignedHeaders {
  const timestamp = String(Math.floor(now / 1_000))
  const signatures = secrets.map((secret) => `v1,${hmac(secret, `${id}.${timestamp}.${body}`)}`)
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

/** @returns what is wrong with a delivery, or undefined when it is genuine */
export function verify(
  secrets: readonly string[],
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string
): string | undefined {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } = headers
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signature !== 'string') {
    return 'it has no signature'
  }
  if (!(Math.abs(Date.now() / 1_000 - Number(timestamp)) <= TOLERANCE_S)) return 'its time is not now'
  const given = signature.split(' ').filter((part) => part.startsWith('v1,'))
  const isGenuine = secrets.some((secret) => {
    const expected = Buffer.from(`v1,${hmac(secret, `${id}.${timestamp}.${body}`)}`)
    return given.some((part) => part.length === expected.length && timingSafeEqual(Buffer.from(part), expected))
  })
  return isGenuine ? undefined : 'it is signed with another secret, or was changed'
}

/** 24 to 64 bytes in base64 after `whsec_`. */
export function isSecret(value: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(value)) return false
  const { length } = keyOf(value)
  return length >= 24 && length <= 64
}

function hmac(secret: string, content: string): string {
  return createHmac('sha256', keyOf(secret)).update(content).digest('base64')
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice('whsec_'.length), 'base64')
}
