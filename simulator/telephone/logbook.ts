import { Inbox } from '../inbox.ts'
import type { ServerFrame } from './checks.ts'
import type { TwilioError } from './errors.ts'

export interface WebhookExchange {
  readonly url: string
  readonly method: 'POST' | 'GET'
  readonly params: Readonly<Record<string, string>>
  readonly status: number
  readonly twiml: string
}

export interface VerbDone {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
}

/** The words that a dialled person heard before they were connected. */
export interface Whisper {
  readonly number: string
  readonly said: string[]
}

/** Everything that happened in one call. */
export class Logbook {
  readonly webhooks = new Inbox<WebhookExchange>('webhooks', ({ url, status, twiml }) => `${url} ${status} ${twiml}`)
  readonly verbs = new Inbox<VerbDone>('verbs')
  readonly said = new Inbox<string>('said')
  readonly frames = new Inbox<ServerFrame>('frames')
  readonly whispers = new Inbox<Whisper>('whispers')
  readonly dialled: string[] = []
  /** The server's mistakes, as Twilio would log them. */
  readonly errors: TwilioError[] = []
  /** Twilio's log lines that are no mistake. */
  readonly notes: TwilioError[] = []
}
