import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** The caller of a stream, from the signed webhook. */
const Claims = z.object({
  callSid: z.string(),
  from: z.string().optional(),
  to: z.string().optional(),
  direction: z.string(),
  parameters: z.record(z.string(), z.string()),
  isDoubted: z.literal(true).optional()
})
export type StreamClaims = z.infer<typeof Claims>

const Signed = Claims.extend({ expiresAt: z.number(), nonce: z.string() })

/**
 * The `<Parameter>`s that carry the token. Twilio allows 500 characters for name and value together, so it is cut into
 * parts: one or two for a telephone number, seven for the longest names in the widest script that a webhook can bring.
 */
export const TOKEN_PARAMETERS = ['token', 'token2', 'token3', 'token4', 'token5', 'token6', 'token7', 'token8'] as const
const PART_LENGTH = 480

/** The longest time between the webhook's answer and the stream's `start`. */
const LIFE_MS = 60_000

/**
 * Makes and checks the one-time tokens that tie a media stream to its webhook. The upgrade's signature covers only the
 * URL and never changes, so it proves that Twilio is calling, but not for which call.
 */
export class StreamTokens {
  readonly #key: Buffer
  readonly #used = new Map<string, number>()
  readonly #now: () => number

  /** @param authToken what webhooks are signed with: any node that has it can check the tokens of the others */
  constructor(authToken: string, now: () => number = Date.now) {
    this.#key = Buffer.from(hkdfSync('sha256', authToken, '', 'media stream token', 32))
    this.#now = now
  }

  /** How many used tokens are remembered: only those that have not expired. */
  get remembered(): number {
    return this.#used.size
  }

  /** The token as `<Parameter>`s, each short enough for Twilio. */
  issue(claims: StreamClaims): Record<string, string> {
    const nonce = randomBytes(12).toString('base64url')
    const body = JSON.stringify({ ...claims, expiresAt: this.#now() + LIFE_MS, nonce })
    const encoded = Buffer.from(body).toString('base64url')
    const token = `${encoded}.${this.#sign(encoded).toString('base64url')}`
    const parts = token.match(new RegExp(`.{1,${PART_LENGTH}}`, 'g')) ?? []
    return Object.fromEntries(TOKEN_PARAMETERS.slice(0, parts.length).map((name, index) => [name, parts[index] ?? '']))
  }

  /**
   * The caller of the stream, or why the stream is refused. A token is valid once, for its own call, until it expires.
   * @param callSid from the stream's `start`
   */
  redeem(parameters: Readonly<Record<string, string>>, callSid: string): StreamClaims | TokenProblem {
    const token = TOKEN_PARAMETERS.map((name) => parameters[name] ?? '').join('')
    if (token === '') return 'missing'
    const [encoded = '', signature = ''] = token.split('.')
    if (!isSame(this.#sign(encoded), Buffer.from(signature, 'base64url'))) return 'forged'
    const { nonce, expiresAt, ...claims } = Signed.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString()))
    if (expiresAt <= this.#now()) return 'expired'
    if (claims.callSid !== callSid) return 'for another call'
    this.#forgetExpired()
    if (this.#used.has(nonce)) return 'used before'
    this.#used.set(nonce, expiresAt)
    return claims
  }

  #sign(encoded: string): Buffer {
    return createHmac('sha256', this.#key).update(encoded).digest()
  }

  #forgetExpired(): void {
    const now = this.#now()
    for (const [nonce, expiresAt] of this.#used) if (expiresAt <= now) this.#used.delete(nonce)
  }
}

export type TokenProblem = 'missing' | 'forged' | 'expired' | 'for another call' | 'used before'

function isSame(expected: Buffer, given: Buffer): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given)
}
