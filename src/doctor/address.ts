import { bad, type Check, type Finding, ok, type Subject, warn } from './finding.ts'
import { type ProbeAnswer, probeStream, probeWebhook } from './probe.ts'
import { findPublicUrl } from './public-url.ts'

/** A frame that is later than this is heard as a gap. */
const LATE_MS = 250
const UNREACHED = 'Twilio does not reach this server: callers hear "an application error has occurred".'
const PRIVATE =
  /^(localhost|.*\.local|127\..*|10\..*|192\.168\..*|172\.(1[6-9]|2\d|3[01])\..*|169\.254\..*|\[::1\]|0\.0\.0\.0)$/

/** The public address leads to this very server, webhook and stream, as Twilio goes. */
export const address: Check = async (subject) => {
  const found = await findPublicUrl(subject.config)
  if (!found) {
    const mend = 'Open a tunnel (`npm run tunnel`), or set PUBLIC_URL to the https address of your proxy.'
    return [warn('address', 'public_url', 'There is no public address.', 'Twilio cannot reach this machine.', mend)]
  }
  const { url, from } = found
  if (PRIVATE.test(new URL(url).hostname)) {
    const mend = 'Set PUBLIC_URL to an address that the internet reaches, such as the tunnel’s.'
    return [
      bad(
        'address',
        'public_url',
        `${from} is ${url}, which only this machine or its network reaches.`,
        UNREACHED,
        mend
      )
    ]
  }
  const known = ok('address', 'public_url', `The public address is ${url}, from ${from}.`)
  if (subject.authToken === undefined) return [known, notSigned()]
  return [known, ...(await reach(url, subject, subject.authToken))]
}

/** What is found at an address, from outside. */
export async function reach(url: string, { localUrl }: Subject, authToken: string): Promise<Finding[]> {
  const [there, here] = await Promise.all([
    probeWebhook(url, authToken).catch((error: Error) => error),
    probeWebhook(localUrl, authToken, url).catch(() => undefined)
  ])
  if (there instanceof Error) return [unreachable(url, there)]
  const webhook = webhookFinding(url, there, here)
  if (webhook.state === 'bad' || there.streamUrl === undefined) return [webhook]
  return [webhook, await stream(there.streamUrl, authToken)]
}

function webhookFinding(url: string, there: ProbeAnswer, here: ProbeAnswer | undefined): Finding {
  const at = `${url}/incoming-call`
  if (there.status === 403) {
    const mend =
      'Set PUBLIC_URL to the address as Twilio calls it, and TWILIO_AUTH_TOKEN to the account’s primary Auth Token.'
    return bad('address', 'webhook', `${at} refuses the signature.`, UNREACHED, mend)
  }
  if (there.process === undefined) {
    const what = `${at} answers ${there.status}, and not as this software.`
    return bad(
      'address',
      'webhook',
      what,
      UNREACHED,
      'Point the tunnel or the proxy at this server’s PORT, with all its paths.'
    )
  }
  if (here?.process !== undefined && here.process !== there.process) {
    const why =
      'Calls are answered there and not here. With several servers behind one address that is as it should be.'
    const mend = 'Stop the other server, or point the tunnel at this one’s PORT.'
    return warn('address', 'webhook', `Another process of this software answers at ${url}.`, why, mend)
  }
  return ok('address', 'webhook', `${at} answers a signed request with TwiML.`)
}

async function stream(url: string, authToken: string): Promise<Finding> {
  try {
    const { p50Ms, maxMs } = await probeStream(url, authToken)
    const what = `${url} passes a second of frames, there and back in ${Math.round(p50Ms)} ms, ${Math.round(maxMs)} ms at most.`
    if (maxMs <= LATE_MS) return ok('address', 'stream', what)
    const mend = 'Have the proxy pass frames on at once (no buffering), and choose a tunnel region nearer by.'
    return warn('address', 'stream', what, 'Callers hear gaps.', mend)
  } catch (error) {
    const mend = 'Have the proxy pass `Upgrade` on /media-stream, over HTTP/1.1 (nginx: docs/deploying.md).'
    return bad(
      'address',
      'stream',
      `${url} does not carry a stream: ${(error as Error).message}.`,
      'A call is answered and stays silent.',
      mend
    )
  }
}

function unreachable(url: string, error: Error): Finding {
  const { code = error.message } = (error.cause ?? {}) as { code?: string }
  const isTls = /CERT|SSL|TLS|SELF_SIGNED|VERIFY|ALTNAME/.test(code)
  const mend = isTls
    ? 'Give the proxy a certificate of this name from a public authority, with its whole chain.'
    : 'Start the tunnel, or correct PUBLIC_URL; look whether the name resolves and port 443 is open.'
  return bad('address', isTls ? 'tls' : 'webhook', `${url} cannot be reached: ${code}.`, UNREACHED, mend)
}

function notSigned(): Finding {
  const why = 'It is reached only with a signature, and there is no token to sign with.'
  return warn(
    'address',
    'webhook',
    'The public address was not tried.',
    why,
    'Set TWILIO_AUTH_TOKEN, or start the server once.'
  )
}
