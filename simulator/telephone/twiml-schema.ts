import { TwilioRefusal } from './errors.ts'
import type { Element } from './twiml.ts'

interface Rule {
  readonly attributes?: string
  readonly required?: string
  readonly children?: string
  readonly text?: 'allowed' | 'required'
  readonly values?: Readonly<Record<string, RegExp>>
}

const METHOD = /^(GET|POST)$/
const SECONDS = /^\d+$/
const BOOLEAN = /^(true|false)$/

/** The verbs this telephone can follow, with the attributes that twilio's own builder knows for them. */
const RULES: Readonly<Record<string, Rule>> = {
  Response: { children: 'Say Pause Redirect Hangup Reject Connect Dial' },
  Say: {
    attributes: 'voice language loop',
    text: 'required',
    children: 'break emphasis lang p phoneme prosody s say-as sub w'
  },
  Pause: { attributes: 'length', values: { length: SECONDS } },
  Redirect: { attributes: 'method', text: 'required', values: { method: METHOD } },
  Hangup: {},
  Reject: { attributes: 'reason', values: { reason: /^(rejected|busy)$/ } },
  Connect: { attributes: 'action method', children: 'Stream', values: { method: METHOD } },
  Stream: {
    attributes: 'url name track statusCallback statusCallbackMethod connectorName audioFormat sampleRate',
    required: 'url',
    children: 'Parameter',
    values: { track: /^(inbound|outbound|both)_tracks?$/, statusCallbackMethod: METHOD }
  },
  Parameter: { attributes: 'name value', required: 'name value' },
  Dial: {
    attributes:
      'action method timeout timeLimit hangupOnStar callerId record trim answerOnBridge ringTone recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent recordingTrack referUrl referMethod sequential events',
    children: 'Number',
    text: 'allowed',
    values: { method: METHOD, timeout: SECONDS, timeLimit: SECONDS, hangupOnStar: BOOLEAN, answerOnBridge: BOOLEAN }
  },
  Number: {
    attributes:
      'url method sendDigits statusCallback statusCallbackEvent statusCallbackMethod byoc machineDetection machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold machineDetectionSilenceTimeout amdStatusCallback amdStatusCallbackMethod',
    text: 'required',
    values: { method: METHOD, statusCallbackMethod: METHOD }
  }
}

/**
 * Checks an element.
 * @throws TwilioRefusal 12200 for anything that Twilio's schema does not have, or this telephone cannot do
 */
export function checkVerbs(element: Element): void {
  const rule = RULES[element.name]
  // Elements inside <Say> are only spoken.
  if (!rule) return
  for (const [name, value] of Object.entries(element.attributes)) checkAttribute(element, rule, name, value)
  for (const name of words(rule.required)) {
    if (!(name in element.attributes)) throw invalid(`<${element.name}> without ${name}`)
  }
  for (const child of element.children) {
    if (!words(rule.children).includes(child.name)) throw invalid(`<${child.name}> in <${element.name}>`)
    checkVerbs(child)
  }
  checkContent(element, rule)
}

function checkAttribute(element: Element, rule: Rule, name: string, value: string): void {
  if (!words(rule.attributes).includes(name)) throw invalid(`attribute ${name} of <${element.name}>`)
  const allowed = rule.values?.[name]
  if (allowed && !allowed.test(value)) throw invalid(`${name}="${value}" of <${element.name}>`)
}

function checkContent(element: Element, rule: Rule): void {
  const { name, text, children } = element
  if (!rule.text && text) throw invalid(`text in <${name}>: ${text.slice(0, 100)}`)
  if (rule.text === 'required' && !text) throw invalid(`<${name}> without text`)
  if (name === 'Connect' && children.length !== 1) throw invalid('<Connect> needs one <Stream>')
  if (name === 'Dial' && children.length === 0 && !text) throw invalid('<Dial> without anybody to dial')
  if (name === 'Dial' && children.length > 10) throw invalid('<Dial> with more than ten numbers')
}

function words(list = ''): string[] {
  return list.split(' ').filter(Boolean)
}

function invalid(what: string): TwilioRefusal {
  return new TwilioRefusal(12200, `Schema validation failure: ${what}`)
}
