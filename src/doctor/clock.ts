import { bad, type Check, ok, warn } from './finding.ts'

const LIMIT_MS = 2_000
const MOST_OFF_S = 30
const MEND = 'Let this machine keep its time by NTP: `timedatectl set-ntp true`.'

/** This machine's clock against the one of the model's host, whatever that answers. */
export const clock: Check = async ({ config }) => {
  const { origin } = new URL(config.openai.url.replace(/^ws/, 'http'))
  const answer = await fetch(origin, { method: 'HEAD', signal: AbortSignal.timeout(LIMIT_MS) }).catch(() => undefined)
  const date = Date.parse(answer?.headers.get('date') ?? '')
  if (Number.isNaN(date)) {
    const why = 'Webhooks, sessions and tokens have times in them, which other machines check.'
    return [warn('here', 'clock', 'The clock was compared with nobody’s: the model’s host does not answer.', why, MEND)]
  }
  const offS = Math.round((Date.now() - date) / 1_000)
  if (Math.abs(offS) <= MOST_OFF_S) return [ok('here', 'clock', 'The clock is right.')]
  const what = `The clock is ${Math.abs(offS)} s ${offS > 0 ? 'fast' : 'slow'}.`
  return [
    bad('here', 'clock', what, 'Tokens that this server signs are refused elsewhere as expired, or not yet good.', MEND)
  ]
}
