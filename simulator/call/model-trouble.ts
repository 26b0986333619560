import type { LogEntry } from './server-process.ts'

/** What to do about each of the model's codes, HTTP statuses among them, and the network's. */
const ADVICE: Readonly<Record<string, string>> = {
  invalid_api_key: 'set OPENAI_API_KEY, here or in .env, to a key from https://platform.openai.com/api-keys',
  401: 'set OPENAI_API_KEY, here or in .env, to a key from https://platform.openai.com/api-keys',
  insufficient_permissions: 'the key of OPENAI_API_KEY needs write access to Realtime (a restricted key may lack it)',
  403: 'the key of OPENAI_API_KEY, its project or your country has no access to this model',
  insufficient_quota: 'the account has no credit: https://platform.openai.com/settings/organization/billing',
  rate_limit_exceeded: 'the account has reached a limit: https://platform.openai.com/settings/organization/limits',
  429: 'the account has no credit, or has reached a limit: https://platform.openai.com/settings/organization/limits',
  invalid_model: 'set OPENAI_MODEL to a Realtime model, or leave it out',
  model_not_found: 'set OPENAI_MODEL to a Realtime model that this key may use, or leave it out',
  404: 'OPENAI_REALTIME_URL is not the address of a Realtime API',
  ENOTFOUND: 'its address is not known here: look at the network and at OPENAI_REALTIME_URL',
  ECONNREFUSED: 'nobody answers at its address: look at the network and at OPENAI_REALTIME_URL'
}
const OTHERWISE = 'see the log above; --practice tries the agent without the model'

/** What the server's log says of a model that did not serve, with what to do about it; a line for each code. */
export function modelTroubles(log: readonly LogEntry[], isAgentHeard: boolean): string[] {
  const failed = log.filter(
    ({ msg }) => msg === 'the model could not be had' || (msg === 'the model could not answer' && !isAgentHeard)
  )
  const codes = new Set(failed.map(({ code, trouble }) => String(code ?? trouble)))
  return [...codes].map((code) => `The model could not be had (${code}): ${ADVICE[code] ?? OTHERWISE}.`)
}
