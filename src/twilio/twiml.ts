// Not from 'twilio', which would load its whole REST client too: 6 MB of heap and 0.25 s.
import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js'
import * as cues from '../agent/cues.ts'
import { cleanText } from './webhook.ts'

export interface StreamAnswer {
  /** `wss://host/media-stream`, without a query string, which Twilio refuses (error 31920). */
  readonly streamUrl: string
  /** Twilio requests this URL when the stream has closed. */
  readonly actionUrl: string
  readonly parameters: Readonly<Record<string, string>>
  /** Spoken by Twilio before the stream opens; none when empty. */
  readonly say: string
}

/** Connects the caller to the agent. */
export function streamTwiml({ streamUrl, actionUrl, parameters, say }: StreamAnswer): string {
  const response = new VoiceResponse()
  if (say !== '') response.say(cleanText(say))
  const stream = response.connect({ action: actionUrl }).stream({ url: streamUrl })
  for (const [name, value] of Object.entries(parameters)) stream.parameter({ name, value })
  return response.toString()
}

export function hangUpTwiml(): string {
  const response = new VoiceResponse()
  response.hangup()
  return response.toString()
}

/** For a call that the agent cannot continue: dials the fallback number if there is one, else says goodbye. */
export function apologyTwiml(fallbackNumber: string | undefined): string {
  const response = new VoiceResponse()
  if (fallbackNumber !== undefined) {
    response.say(`${cues.apology} ${cues.connecting}`)
    response.dial(fallbackNumber)
    // Twilio continues here when the dialled person does not pick up.
    response.say(cues.callAgain)
  } else {
    response.say(`${cues.apology} ${cues.callAgain}`)
  }
  response.hangup()
  return response.toString()
}

/**
 * For a call without a free line: dials the fallback number if there is one, else gives the busy tone, which costs the
 * caller nothing.
 */
export function busyTwiml(fallbackNumber: string | undefined): string {
  const response = new VoiceResponse()
  if (fallbackNumber === undefined) {
    response.reject({ reason: 'busy' })
    return response.toString()
  }
  response.dial(fallbackNumber)
  response.hangup()
  return response.toString()
}

export interface TransferAnswer {
  readonly number: string
  /** Twilio requests this URL when the person hung up or did not pick up. */
  readonly actionUrl: string
  /** The URL of the sentence that the person hears before the caller is connected; undefined for none. */
  readonly whisperUrl: string | undefined
}

export function transferTwiml({ number, actionUrl, whisperUrl }: TransferAnswer): string {
  const response = new VoiceResponse()
  const dial = response.dial({ action: actionUrl, answerOnBridge: true })
  dial.number(whisperUrl === undefined ? {} : { url: whisperUrl }, number)
  return response.toString()
}

/** Says one sentence to the person who picked up, before the caller is connected. */
export function whisperTwiml(summary: string): string {
  const response = new VoiceResponse()
  response.say(cleanText(summary))
  return response.toString()
}
