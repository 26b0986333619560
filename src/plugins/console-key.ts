import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'

/** How long a browser stays signed in. */
const SESSION_MS = 7 * 24 * 3_600_000
/** A link is followed soon after it was printed, or it is an old line of a terminal. */
const LINK_MS = 3_600_000

/**
 * What the console's door is opened with: the token itself, a session, which a browser has in its cookie, and a code,
 * which stands in a link and is good once. Sessions and codes are signed with a key that is made from the token: every
 * server that has the token takes them, and another token ends them all.
 */
export class ConsoleKey {
  /** The cookie's name. Browsers keep the cookies of a host's ports together, so each token has a name of its own. */
  readonly cookie: string
  readonly #token: Buffer
  readonly #key: Buffer
  readonly #now: () => number
  /** The codes that were used, until they expire. */
  readonly #used = new Map<string, number>()

  constructor(token: string, now: () => number = Date.now) {
    this.#token = digest(token)
    this.#key = Buffer.from(hkdfSync('sha256', token, '', 'console session', 32))
    this.#now = now
    this.cookie = `console-${createHmac('sha256', this.#key).update('name').digest('hex').slice(0, 8)}`
  }

  /** Takes as long for a wrong token as for the right one. */
  isToken(given: string): boolean {
    return timingSafeEqual(this.#token, digest(given))
  }

  newSession(): string {
    return this.#sign(`session.${this.#now() + SESSION_MS}.${nonce()}`)
  }

  isSession(given: string): boolean {
    return this.#expiryOf(given, 'session') !== undefined
  }

  newCode(): string {
    return this.#sign(`code.${this.#now() + LINK_MS}.${nonce()}`)
  }

  /** False for a code that was used before, has expired or is not ours. */
  useCode(given: string): boolean {
    const expiresAt = this.#expiryOf(given, 'code')
    const now = this.#now()
    for (const [code, until] of this.#used) if (until <= now) this.#used.delete(code)
    if (expiresAt === undefined || this.#used.has(given)) return false
    this.#used.set(given, expiresAt)
    return true
  }

  #sign(content: string): string {
    return `${content}.${this.#signatureOf(content).toString('base64url')}`
  }

  /** When it expires, in ms since the epoch; undefined where it has, or was not signed here as this kind. */
  #expiryOf(given: string, kind: 'session' | 'code'): number | undefined {
    const end = given.lastIndexOf('.')
    const content = given.slice(0, end)
    const signature = Buffer.from(given.slice(end + 1), 'base64url')
    const expected = this.#signatureOf(content)
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined
    const [signedKind, expiresAt] = content.split('.')
    return signedKind === kind && Number(expiresAt) > this.#now() ? Number(expiresAt) : undefined
  }

  #signatureOf(content: string): Buffer {
    return createHmac('sha256', this.#key).update(content).digest()
  }
}

/** A link into the console that is good once. @param origin such as `http://localhost:5050` */
export function consoleLink(origin: string, token: string): string {
  return `${origin}/console/login?code=${new ConsoleKey(token).newCode()}`
}

/** Of equal length, whatever was given: `timingSafeEqual` needs that. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function nonce(): string {
  return randomBytes(12).toString('base64url')
}
