import { ModelError } from '../call/model-leg.ts'
import { ModelSocket } from '../realtime/socket.ts'
import { bad, type Check, type Finding, ok, warn } from './finding.ts'

const LIMIT_MS = 4_000
const DAY_MS = 24 * 3_600_000
/** A shutdown is told this long before. */
const SOON_DAYS = 90
/** What has been announced, by the beginning of the name. (OpenAI, deprecations, 2026-11) */
const SHUTDOWNS: ReadonlyMap<RegExp, string> = new Map([[/^gpt-realtime(-mini)?(-20\d\d-.*)?$/, '2027-01-20']])

/** The key is good, the model is there and stays, and it takes the telephone's sound both ways. Costs nothing. */
export const model: Check = async ({ config }) => {
  const name = config.openai.model
  const began = performance.now()
  const socket = new ModelSocket(config.openai)
  try {
    await within(socket.opened)
    const formats = await within(configure(socket))
    if (formats.some((format) => format !== 'audio/pcmu')) return [wrongFormat(name, formats)]
    const ms = Math.round(performance.now() - began)
    return [ok('model', 'model', `${name} answers after ${ms} ms, with audio/pcmu both ways.`), ...shutdownOf(name)]
  } catch (error) {
    return [refusal(error, name, config.openai.url)]
  } finally {
    socket.close()
  }
}

/** Asks for the telephone's format. @returns what the model confirms for each direction */
function configure(socket: ModelSocket): Promise<unknown[]> {
  const format = { type: 'audio/pcmu' }
  const session = { type: 'realtime', audio: { input: { format }, output: { format } } }
  return new Promise((resolve, reject) => {
    socket.once('lost', reject)
    socket.addEventListener('message', ({ data = '{}' }) => {
      const event = JSON.parse(data)
      if (event.type === 'error') reject(new ModelError('rejected', event.error?.code ?? event.error?.message))
      if (event.type !== 'session.updated') return
      const { input, output } = event.session?.audio ?? {}
      resolve([input?.format?.type, output?.format?.type])
    })
    socket.deliver()
    socket.send(JSON.stringify({ type: 'session.update', session }))
  })
}

function wrongFormat(name: string, formats: readonly unknown[]): Finding {
  const what = `${name} answers with ${formats.join(' and ')} instead of audio/pcmu.`
  const mend = 'Take a model of OpenAI’s Realtime API, or have the gateway of OPENAI_REALTIME_URL pass the format on.'
  return bad('model', 'model_format', what, 'On a telephone that is noise, so the server ends such calls.', mend)
}

function refusal(error: unknown, name: string, url: string): Finding {
  const { trouble, code } = error instanceof ModelError ? error : { trouble: 'unreachable', code: String(error) }
  const why = 'Every call ends with an apology.'
  if (code === 401 || code === 'invalid_api_key') {
    const mend = 'Put a key from https://platform.openai.com/api-keys into .env as OPENAI_API_KEY.'
    return bad('model', 'model_key', 'OpenAI refuses the key.', why, mend)
  }
  if (code === 'insufficient_quota' || code === 429) {
    return bad(
      'model',
      'model_quota',
      'The account has no credit left.',
      why,
      'Add credit at https://platform.openai.com/settings/organization/billing.'
    )
  }
  if (code === 'model_not_found' || code === 'invalid_model' || code === 404 || code === 403) {
    const mend = 'Set OPENAI_MODEL=gpt-realtime-2.1, or give the key’s project access to this one.'
    return bad('model', 'model_name', `There is no model ${name} for this key.`, why, mend)
  }
  const mend = `Look whether ${new URL(url).host} can be reached from here: a firewall or a proxy may be between.`
  return bad('model', 'model_socket', `The model could not be reached: ${trouble} (${code}).`, why, mend)
}

function shutdownOf(name: string): Finding[] {
  const [, day] = [...SHUTDOWNS].find(([pattern]) => pattern.test(name)) ?? []
  const days = day === undefined ? Number.POSITIVE_INFINITY : Math.floor((Date.parse(day) - Date.now()) / DAY_MS)
  if (days > SOON_DAYS) return []
  const what = `${name} ${days > 0 ? `is shut down on ${day}, in ${days} days` : `was shut down on ${day}`}.`
  return [
    warn('model', 'model_shutdown', what, 'From then on no call is answered.', 'Set OPENAI_MODEL=gpt-realtime-2.1.')
  ]
}

function within<T>(promise: Promise<T>): Promise<T> {
  const limit = AbortSignal.timeout(LIMIT_MS)
  return new Promise((resolve, reject) => {
    limit.addEventListener('abort', () => reject(new ModelError('unreachable', 'no answer in time')))
    promise.then(resolve, reject)
  })
}
