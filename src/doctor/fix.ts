import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { twilioRest } from '../twilio/rest.ts'
import { findPublicUrl } from './public-url.ts'
import { type TwilioNumber, theNumber } from './twilio.ts'

const LIMIT_MS = 2_000
/** What `/` of this software answers. */
const OURS = 'Twilio Media Stream Server is running!'

const Webhook = z.object({ voiceUrl: z.string(), voiceMethod: z.string() })
/** Where a number's calls go. */
type Webhook = z.infer<typeof Webhook>
const Kept = Webhook.extend({ sid: z.string(), phoneNumber: z.string(), setTo: z.string() })

/** It cannot be done, and the message says why in one sentence and what to do. */
export class CannotFix extends Error {
  override name = 'CannotFix' as const
}

/** A change of a number that nobody has agreed to yet. */
export interface Change {
  readonly phoneNumber: string
  readonly from: Webhook
  readonly to: Webhook
  apply(): Promise<void>
}

/**
 * What would point the one number at this server; undefined where it does already. The old value is kept in DATA_DIR.
 * @param steal also from a server of this software that answers
 * @throws CannotFix
 */
export async function fix(config: Config, { steal }: { steal: boolean }): Promise<Change | undefined> {
  const number = await numberOf(config)
  const found = await findPublicUrl(config)
  if (!found)
    throw new CannotFix('There is no public address to point the number at: open a tunnel, or set PUBLIC_URL.')
  const from = { voiceUrl: number.voiceUrl ?? '', voiceMethod: number.voiceMethod ?? 'POST' }
  const to = { voiceUrl: `${found.url}/incoming-call`, voiceMethod: 'POST' }
  if (from.voiceUrl === to.voiceUrl && from.voiceMethod === to.voiceMethod) return undefined
  if (!steal && !isAt(from.voiceUrl, found.url) && (await answersAsOurs(from.voiceUrl))) {
    throw new CannotFix(
      `${from.voiceUrl} is another server of this software, which answers: it may be somebody’s. --steal takes the number from it.`
    )
  }
  const { phoneNumber, sid } = number
  return {
    ...{ phoneNumber, from, to },
    apply: async () => {
      await keep(config, { ...from, sid, phoneNumber, setTo: to.voiceUrl })
      // An instance from a list does not know its own SID when it is updated (twilio 6.2).
      await restOf(config).incomingPhoneNumbers(sid).update(to)
    }
  }
}

/** What puts back the value that `fix` replaced. @throws CannotFix where there is none, or somebody has changed it since */
export async function undo(config: Config): Promise<Change> {
  const kept = await readFile(keptFile(config), 'utf8').catch(() => undefined)
  if (kept === undefined) throw new CannotFix(`There is nothing to put back: no change is kept in ${keptFile(config)}.`)
  const { sid, phoneNumber, voiceUrl, voiceMethod, setTo } = Kept.parse(JSON.parse(kept))
  const number = await restOf(config).incomingPhoneNumbers(sid).fetch()
  if (number.voiceUrl !== setTo) {
    throw new CannotFix(
      `Somebody has changed the number since: it calls ${number.voiceUrl}, and not ${setTo}. It is left so.`
    )
  }
  const to = { voiceUrl, voiceMethod }
  return {
    ...{ phoneNumber, from: { voiceUrl: setTo, voiceMethod: number.voiceMethod }, to },
    apply: async () => {
      await number.update(to)
      await rm(keptFile(config))
    }
  }
}

async function numberOf(config: Config): Promise<TwilioNumber> {
  const number = await theNumber(restOf(config), config)
  if ('state' in number) throw new CannotFix(`${number.what} ${number.mend}`)
  if (number.trunkSid || number.voiceApplicationSid) {
    throw new CannotFix(
      'The number is handled by a trunk or a TwiML App, which overrides its webhook: change that in the Twilio Console.'
    )
  }
  return number
}

function restOf(config: Config) {
  const rest = twilioRest(config)
  if (rest) return rest
  throw new CannotFix(
    'Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN (or an API key): the number is changed through Twilio’s REST API.'
  )
}

const isAt = (url: string, origin: string): boolean => URL.canParse(url) && new URL(url).origin === origin

async function answersAsOurs(url: string): Promise<boolean> {
  if (!URL.canParse(url)) return false
  try {
    const answer = await fetch(new URL('/', url), { signal: AbortSignal.timeout(LIMIT_MS) })
    return (await answer.text()).includes(OURS)
  } catch {
    return false
  }
}

/** Kept before Twilio is asked: a change whose answer is lost can be undone too. */
async function keep(config: Config, kept: z.infer<typeof Kept>): Promise<void> {
  const file = keptFile(config)
  await mkdir(join(config.server.dataDir, 'local'), { recursive: true, mode: 0o700 })
  await writeFile(file, `${JSON.stringify(kept, undefined, 2)}\n`, { mode: 0o600 })
}

function keptFile(config: Config): string {
  return join(config.server.dataDir, 'local', 'number.json')
}
