import { validateRequest } from 'twilio/lib/webhooks/webhooks.js'

/** The parts of a request that are checked. Header names are in lower case, as Node gives them. */
export interface SignedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The path with its query, unchanged. */
  readonly url: string
}

/**
 * The origin at which Twilio reached this server: PUBLIC_URL if set, else the proxy's headers, else the Host header. A
 * forged header cannot pass, because the signature covers the URL.
 */
export function publicOrigin(request: SignedRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
  const host = firstOf(request.headers['x-forwarded-host']) ?? firstOf(request.headers['host']) ?? ''
  const protocol = firstOf(request.headers['x-forwarded-proto']) === 'https' ? 'https' : 'http'
  const origin = `${protocol}://${host}`
  // A malformed host is not used: Twilio cannot have signed it.
  return /^[\w.:[\]-]+$/.test(host) && URL.canParse(origin) ? origin : `${protocol}://invalid`
}

/** The WebSocket address for a web origin. Twilio accepts only wss (error 31922). */
export function streamUrl(origin: string): string {
  return `wss://${new URL(origin).host}/media-stream`
}

/** Whether Twilio signed a webhook. @param params the form's fields; empty for GET, where they are in the URL */
export function isSignedWebhook(
  request: SignedRequest,
  origin: string,
  authToken: string,
  params: Readonly<Record<string, unknown>>
): boolean {
  const signature = firstOf(request.headers['x-twilio-signature'])
  return signature !== undefined && isValid(authToken, signature, origin + request.url, { ...params })
}

/** Whether Twilio signed an upgrade: as `wss://host/path`, with or without a slash at the end, never with a query. */
export function isSignedUpgrade(request: SignedRequest, origin: string, authToken: string): boolean {
  const signature = firstOf(request.headers['x-twilio-signature'])
  if (signature === undefined || request.url.includes('?')) return false
  const url = streamUrl(origin)
  return [url, `${url}/`].some((variant) => isValid(authToken, signature, variant, {}))
}

/**
 * A request line may hold a whole URL (RFC 9112, 3.2.2), on which the library throws. Such a request counts as
 * unsigned.
 */
function isValid(authToken: string, signature: string, url: string, params: Record<string, unknown>): boolean {
  try {
    return validateRequest(authToken, signature, url, params)
  } catch {
    return false
  }
}

function firstOf(header: string | string[] | undefined): string | undefined {
  const value = Array.isArray(header) ? header[0] : header
  return value?.split(',')[0]?.trim() || undefined
}
