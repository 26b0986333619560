import { randomBytes } from 'node:crypto'

/** Twilio's data about one call, which are in every request about it. */
export interface Identity {
  readonly callSid: string
  readonly accountSid: string
  readonly from: string
  readonly to: string
  readonly direction: string
  readonly parameters: Readonly<Record<string, string>>
}

export type CallStatus = 'ringing' | 'in-progress' | 'completed' | 'busy' | 'no-answer'

export function newSid(prefix: 'AC' | 'CA' | 'MZ'): string {
  return prefix + randomBytes(16).toString('hex')
}

/** The parameters of a real inbound call: https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application */
export function standardParameters(identity: Identity, status: CallStatus): Record<string, string> {
  const { callSid, accountSid, from, to, direction, parameters } = identity
  return {
    AccountSid: accountSid,
    ApiVersion: '2010-04-01',
    CallSid: callSid,
    CallStatus: status,
    CallToken: `{"parentCallInfoToken":"${callSid}"}`,
    ...party('Called', to),
    ...party('Caller', from),
    Direction: direction,
    ...party('From', from),
    StirVerstat: 'TN-Validation-Passed-A',
    ...party('To', to),
    ...parameters
  }
}

function party(name: string, number: string): Record<string, string> {
  return {
    [name]: number,
    [`${name}City`]: 'SAN FRANCISCO',
    [`${name}Country`]: 'US',
    [`${name}State`]: 'CA',
    [`${name}Zip`]: '94105'
  }
}
