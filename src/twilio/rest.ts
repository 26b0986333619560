import RequestClient from 'twilio/lib/base/RequestClient.js'
import Client from 'twilio/lib/rest/Twilio.js'
import type { Config } from '../config.ts'

export type TwilioRest = Client

/** A request of ours waits at most this long for Twilio, in ms. */
const TIMEOUT_MS = 4_000

/**
 * Twilio's REST API with the account's own credentials; undefined where none are set. An API key serves where it is set,
 * else the auth token. Loading the library takes 0.3 s and 20 MB: import this file where it is needed.
 */
export function twilioRest({ twilio }: Pick<Config, 'twilio'>): TwilioRest | undefined {
  const { accountSid, apiKey, apiSecret, authToken, apiUrl } = twilio
  const [user, password] = apiKey ? [apiKey, apiSecret] : [accountSid, authToken]
  if (accountSid === undefined || user === undefined || password === undefined) return undefined
  const httpClient = apiUrl === undefined ? undefined : new OtherOrigin(apiUrl)
  return new Client(user, password, { accountSid, timeout: TIMEOUT_MS, env: {}, ...(httpClient && { httpClient }) })
}

/** Sends every request to one origin, with its path unchanged: the library itself knows only edges and regions. */
class OtherOrigin extends RequestClient {
  readonly #origin: string

  constructor(origin: string) {
    super({ timeout: TIMEOUT_MS })
    this.#origin = origin
  }

  override request<Data>(options: RequestClient.RequestOptions<Data>) {
    const { pathname, search } = new URL(options.uri)
    return super.request<Data>({ ...options, uri: `${this.#origin}${pathname}${search}` })
  }
}
