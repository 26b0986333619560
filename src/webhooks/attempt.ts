import { sign } from './signature.ts'

/** A receiver has this long to answer. */
const LIMIT_MS = 15_000

export interface Receiver {
  readonly url: string
  readonly secrets: readonly string[]
}

/** What came of an attempt. */
export interface Outcome {
  /** Undefined when nobody answered. */
  readonly status: number | undefined
  /** Why nobody answered: a constant of the network's. */
  readonly error: string | undefined
  /** What the receiver asked for, in ms. */
  readonly retryAfterMs: number | undefined
}

/** Sends an event once. Never rejects. A redirect is not followed: the address is the operator's, and no other. */
export async function attempt(
  { url, secrets }: Receiver,
  { id, body }: { readonly id: string; readonly body: string },
  signal?: AbortSignal
): Promise<Outcome> {
  const limit = AbortSignal.timeout(LIMIT_MS)
  try {
    const reply = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'user-agent': 'phone-voice-agent', ...sign(secrets, id, body) },
      body,
      signal: signal ? AbortSignal.any([limit, signal]) : limit
    })
    // What it says is not wanted, and an unread answer would keep its connection.
    await reply.body?.cancel().catch(() => {})
    return { status: reply.status, error: undefined, retryAfterMs: retryAfter(reply.headers.get('retry-after')) }
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } }
    return { status: undefined, error: cause?.code ?? name, retryAfterMs: undefined }
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return ms > 0 ? ms : undefined
}
