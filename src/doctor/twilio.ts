import type { Config } from '../config.ts'
import type { TwilioRest } from '../twilio/rest.ts'
import { bad, type Check, type Finding, ok, warn } from './finding.ts'
import { findPublicUrl } from './public-url.ts'

const DAY_MS = 24 * 3_600_000
const MOST_ALERTS = 50

/** Twilio reports it for every stream that the server closes, as it does when it hangs up. (Twilio, error 31921) */
const CLOSED_BY_US = '31921'

/** A number of the account, as far as it matters here. */
export type TwilioNumber = Awaited<ReturnType<TwilioRest['incomingPhoneNumbers']['list']>>[number]

/** The account, its number, and what Twilio complained of lately. */
export const twilio: Check = async ({ config }) => {
  const { twilioRest } = await import('../twilio/rest.ts')
  const rest = twilioRest(config)
  if (!rest) return [withoutAccount()]
  try {
    const [account, number, alerts] = await Promise.all([
      accountOf(rest),
      numberFindings(rest, config),
      lastAlerts(rest)
    ])
    return [account, ...number, ...alerts]
  } catch (error) {
    return [restRefusal(error)]
  }
}

function withoutAccount(): Finding {
  const mend = 'Set TWILIO_ACCOUNT_SID (Twilio Console, dashboard) and TWILIO_AUTH_TOKEN.'
  return warn(
    'twilio',
    'account',
    'Twilio was not asked: TWILIO_ACCOUNT_SID or its token is not set.',
    'Whether the number points here is not known.',
    mend
  )
}

async function accountOf(rest: TwilioRest): Promise<Finding> {
  const { status, type } = await rest.api.v2010.accounts(rest.accountSid).fetch()
  if (status !== 'active') {
    return bad(
      'twilio',
      'account',
      `The account is ${status}.`,
      'No call reaches it.',
      'Open the Twilio Console: it says what the account needs.'
    )
  }
  if (type === 'Trial') {
    const why = 'Callers hear a sentence of Twilio’s first, and only verified numbers can be called or dialled.'
    return warn('twilio', 'account', 'The account is on trial.', why, 'Upgrade it in the Twilio Console under Billing.')
  }
  return ok('twilio', 'account', 'The account is active.')
}

/**
 * The one number that is meant: TWILIO_NUMBER, else the only one.
 * @returns a finding instead, where that is not clear
 */
export async function theNumber(rest: TwilioRest, config: Config): Promise<TwilioNumber | Finding> {
  const { number } = config.twilio
  const numbers = await rest.incomingPhoneNumbers.list(number ? { phoneNumber: number, limit: 2 } : { limit: 2 })
  const [first] = numbers
  if (number && !first) {
    const mend = 'Correct TWILIO_NUMBER: the numbers stand in the Twilio Console under Active numbers.'
    return bad('twilio', 'number', 'TWILIO_NUMBER is no number of this account.', 'Nobody can ring it.', mend)
  }
  if (!first) {
    return bad(
      'twilio',
      'number',
      'The account has no number.',
      'Nobody can ring.',
      'Buy one in the Twilio Console under Phone Numbers.'
    )
  }
  if (numbers.length > 1) {
    const why = 'Which one should point here is not known.'
    return warn(
      'twilio',
      'number',
      'The account has several numbers.',
      why,
      'Set TWILIO_NUMBER to the one for this server.'
    )
  }
  return first
}

async function numberFindings(rest: TwilioRest, config: Config): Promise<Finding[]> {
  const [number, found] = await Promise.all([theNumber(rest, config), findPublicUrl(config)])
  if ('state' in number) return [number]
  const overridden = overriddenBy(number)
  if (overridden) return [overridden]
  if (!number.capabilities.voice) {
    return [
      bad(
        'twilio',
        'number',
        'The number takes no voice calls.',
        'Nobody can ring it.',
        'Buy a number with the Voice capability.'
      )
    ]
  }
  return [found ? pointsTo(number, found.url) : notCompared(number)]
}

function overriddenBy({ voiceApplicationSid, trunkSid }: TwilioNumber): Finding | undefined {
  const by = trunkSid ? `the SIP trunk ${trunkSid}` : voiceApplicationSid && `the TwiML App ${voiceApplicationSid}`
  if (!by) return undefined
  const mend =
    'In the Twilio Console, under the number’s Voice Configuration, set "Configure with" to "Webhook, TwiML Bin, Function…".'
  return bad(
    'twilio',
    'number',
    `The number is handled by ${by}.`,
    'Its webhook is never called, whatever stands there.',
    mend
  )
}

function pointsTo({ voiceUrl, voiceMethod }: TwilioNumber, publicUrl: string): Finding {
  const wanted = `${publicUrl}/incoming-call`
  const isOurs = voiceUrl?.split('?', 1)[0] === wanted
  if (isOurs && voiceMethod === 'POST') return ok('twilio', 'number', `The number calls ${voiceUrl}.`)
  const what = isOurs
    ? `The number calls ${voiceUrl} with ${voiceMethod}.`
    : `The number calls ${voiceUrl || 'nobody'}, and not ${wanted}.`
  const why = isOurs
    ? 'The caller’s number stands in the URL, and so in the logs on the way.'
    : 'Its callers do not reach this server.'
  return (isOurs ? warn : bad)(
    'twilio',
    'number',
    what,
    why,
    '`npm run doctor -- --fix` points it here, and `--undo` back.'
  )
}

function notCompared({ voiceUrl }: TwilioNumber): Finding {
  const why = 'There is no public address to compare it with.'
  return warn(
    'twilio',
    'number',
    `The number calls ${voiceUrl || 'nobody'}.`,
    why,
    'Open a tunnel or set PUBLIC_URL first.'
  )
}

async function lastAlerts(rest: TwilioRest): Promise<Finding[]> {
  const startDate = new Date(Date.now() - DAY_MS)
  const all = await rest.monitor.v1.alerts.list({ logLevel: 'error', startDate, limit: MOST_ALERTS })
  const alerts = all.filter(({ errorCode }) => errorCode !== CLOSED_BY_US)
  if (alerts.length === 0) return [ok('twilio', 'alerts', 'Twilio reported no error in the last 24 hours.')]
  return [...Map.groupBy(alerts, ({ errorCode }) => errorCode)].map(([code, same]) => {
    const [
      meaning = 'see https://www.twilio.com/docs/api/errors',
      mend = `Look at the error log in the Twilio Console for ${code}.`
    ] = ALERTS[code] ?? []
    const last = same.reduce((one, other) => (one.dateGenerated > other.dateGenerated ? one : other)).dateGenerated
    const what = `Twilio reported error ${code} ${same.length} times in the last 24 hours, last at ${last.toISOString()}.`
    return warn('twilio', 'alerts', what, meaning, mend)
  })
}

/** What the errors mean that a server of this kind can cause. (Twilio, error dictionary) */
const ALERTS: Readonly<Record<string, readonly [meaning: string, mend: string]>> = {
  11200: [
    'The webhook could not be had, or answered with an error.',
    'Look whether the server ran, and in its log for that time.'
  ],
  11205: [
    'Nobody took the connection for the webhook.',
    'Start the server and its tunnel; compare the number’s URL with PUBLIC_URL.'
  ],
  11210: ['The host of the webhook is not known.', 'Correct the number’s URL: a tunnel gets a new name at each start.'],
  11220: [
    'The TLS handshake of the webhook failed.',
    'Give the proxy a certificate of a public authority, with its chain.'
  ],
  12100: ['The webhook’s answer was no TwiML.', 'Something other than this server answered: look at the number’s URL.'],
  12300: [
    'The webhook’s answer had another content type.',
    'A proxy answered in the server’s place: look at its error pages.'
  ],
  31901: ['The stream’s address did not answer in time.', 'Look whether the server was busy or the tunnel slow.'],
  31902: ['The stream’s address refused the connection.', 'Look whether the server ran at that time.'],
  31903: [
    'The connection of a stream broke.',
    'Look whether the server was killed or the tunnel closed in the middle of calls.'
  ],
  31910: [
    'The TLS handshake of the stream failed.',
    'Give the proxy a certificate of a public authority, with its chain.'
  ],
  31920: ['The stream’s upgrade was not answered with 101.', 'Have the proxy pass `Upgrade` on /media-stream.'],
  31924: ['The stream broke the WebSocket protocol.', 'Look whether a proxy changes the stream’s frames.']
}

function restRefusal(error: unknown): Finding {
  const { status, code } = error as { status?: number; code?: number | string }
  if (status === 401 || status === 403 || code === 20003) {
    const mend =
      'Copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN anew from the same account, or correct TWILIO_API_KEY and TWILIO_API_SECRET.'
    return bad(
      'twilio',
      'account',
      'Twilio refuses the credentials.',
      'Signatures made with a wrong token are wrong too.',
      mend
    )
  }
  const mend = 'Look whether api.twilio.com can be reached from here, and at https://status.twilio.com.'
  return warn(
    'twilio',
    'account',
    `Twilio’s REST API could not be asked: ${code ?? status ?? 'no answer'}.`,
    'Whether the number points here is not known.',
    mend
  )
}
