import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { TwilioRefusal } from './errors.ts'

export interface Address {
  /** The origin that is dialled. */
  readonly url: string
  /** The origin that Twilio signs, as behind a tunnel or a proxy that ends TLS. */
  readonly publicUrl?: string | undefined
  readonly authToken?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface Request {
  readonly url: string
  readonly method: 'POST' | 'GET'
  readonly params: Readonly<Record<string, string>>
}

export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export interface Dialled {
  readonly url: string
  readonly headers: Record<string, string>
}

/** Maps Twilio's URLs to this machine, and adds Twilio's headers to requests. */
export class Gateway {
  readonly #address: Address

  constructor(address: Address) {
    this.#address = address
  }

  /** The origin that Twilio believes it calls. */
  get origin(): string {
    return new URL(this.#address.publicUrl ?? this.#address.url).origin
  }

  /**
   * The address and headers of a request.
   * @param signed the URL in the signature
   * @param params the form's fields in the signature
   */
  dial(believed: string, signed = believed, params: Readonly<Record<string, string>> = {}): Dialled {
    const { authToken, headers } = this.#address
    return {
      url: this.#reallyAt(believed),
      headers: {
        'User-Agent': 'TwilioProxy/1.1',
        ...this.#forwarded(),
        ...(authToken ? { 'X-Twilio-Signature': getExpectedTwilioSignature(authToken, signed, params) } : {}),
        ...headers
      }
    }
  }

  #reallyAt(believed: string): string {
    const url = new URL(believed)
    if (url.host !== new URL(this.origin).host) return believed
    const real = new URL(this.#address.url)
    const secure = real.protocol === 'https:' ? 's' : ''
    const scheme = url.protocol.startsWith('ws') ? `ws${secure}:` : `http${secure}:`
    return `${scheme}//${real.host}${url.pathname}${url.search}`
  }

  // As ngrok does: https://ngrok.com/docs/universal-gateway/http/#upstream-headers
  #forwarded(): Record<string, string> {
    if (!this.#address.publicUrl) return {}
    const { host, protocol } = new URL(this.#address.publicUrl)
    return {
      Host: host,
      'X-Forwarded-For': '203.0.113.10',
      'X-Forwarded-Host': host,
      'X-Forwarded-Proto': protocol.slice(0, -1)
    }
  }

  /** Sends a request. @throws TwilioRefusal 11205 when no answer comes in time */
  async fetch(request: Request, limit: AbortSignal): Promise<Reply> {
    const form = new URLSearchParams(request.params).toString()
    // The fragment holds Twilio's connection settings and is not sent.
    const [bare = ''] = request.url.split('#')
    const isPost = request.method === 'POST'
    const url = isPost || !form ? bare : `${bare}${bare.includes('?') ? '&' : '?'}${form}`
    const { url: real, headers } = this.dial(url, url, isPost ? request.params : {})
    try {
      return isPost
        ? await send(real, { ...headers, 'Content-Type': FORM, 'Content-Length': `${form.length}` }, limit, form)
        : await send(real, headers, limit)
    } catch (error) {
      throw new TwilioRefusal(11205, `HTTP connection failure: ${bare}: ${(error as Error).message}`)
    }
  }
}

const FORM = 'application/x-www-form-urlencoded; charset=UTF-8'

async function send(url: string, headers: Record<string, string>, signal: AbortSignal, form?: string): Promise<Reply> {
  const start = url.startsWith('https:') ? httpsRequest : httpRequest
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  // No HTTP agent: a socket kept for the next request would race with a server that closes it.
  start(url, { method: form === undefined ? 'GET' : 'POST', headers, signal, agent: false }, resolve)
    .on('error', reject)
    .end(form)
  const response = await promise
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    body: Buffer.concat(parts).toString()
  }
}
