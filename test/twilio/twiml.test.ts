import { XMLValidator } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { parseTwiml } from '../../simulator/telephone/twiml.ts'
import * as cues from '../../src/agent/cues.ts'
import {
  apologyTwiml,
  busyTwiml,
  hangUpTwiml,
  streamTwiml,
  transferTwiml,
  whisperTwiml
} from '../../src/twilio/twiml.ts'

const nasty: [string, string][] = [
  ['markup', '</Say><Hangup/><Say>'],
  ['an ampersand', 'Smith & Sons &amp; more'],
  ['quotes', `"double" and 'single'`],
  ['angle brackets', '1 < 2 > 0 ]]>'],
  ['a NUL', 'a\u0000b'],
  ['control characters', 'a\u0001\u0008\u000b\u001fb'],
  ['a lone surrogate', 'a\ud800b'],
  ['non-characters', 'a\ufffe\uffffb'],
  ['an emoji', 'Hello 👋🏽'],
  ['another script', '您好，请讲']
]

const stream = {
  streamUrl: 'wss://agent.example.com/media-stream',
  actionUrl: 'https://agent.example.com/call-ended',
  parameters: { token: 'abc.def' },
  say: ''
}

describe('connecting a caller to the agent', () => {
  test('names the stream, what it carries and where to ask afterwards, and says nothing', () => {
    const [connect, ...others] = parseTwiml(streamTwiml(stream))
    expect(others).toEqual([])
    expect(connect).toMatchObject({
      name: 'Connect',
      attributes: { action: stream.actionUrl },
      children: [
        {
          name: 'Stream',
          attributes: { url: stream.streamUrl },
          children: [{ name: 'Parameter', attributes: { name: 'token', value: 'abc.def' } }]
        }
      ]
    })
  })

  test('says its sentence first when there is one', () => {
    const verbs = parseTwiml(streamTwiml({ ...stream, say: 'O.K. you can start talking!' }))
    expect(verbs.map(({ name, text }) => [name, text])).toEqual([
      ['Say', 'O.K. you can start talking!'],
      ['Connect', '']
    ])
  })
})

describe('every answer is well-formed', () => {
  const answers: [string, (text: string) => string][] = [
    ['the opening', (say) => streamTwiml({ ...stream, say: `Hello. ${say}` })],
    ['a parameter', (value) => streamTwiml({ ...stream, parameters: { token: 'a', note: value } })],
    ['the whisper', (summary) => whisperTwiml(`About: ${summary}`)]
  ]
  const clean = (text: string) => text.toWellFormed().replaceAll('\ufffd', '')
  describe.each(answers)('%s', (what, answer) => {
    test.each(nasty)('with %s', (_name, text) => {
      // Parameters are made of base64url; what a developer adds to them is cleaned by the webhook's reader.
      const given = what === 'a parameter' ? clean(text).replace(/[^\t\n\r -\ufffd]/g, '') : text
      const xml = answer(given)
      expect(XMLValidator.validate(xml)).toBe(true)
      expect(() => parseTwiml(xml)).not.toThrow()
    })
  })

  test('what is said arrives as it was meant', () => {
    const [say] = parseTwiml(whisperTwiml('A caller, <b> & "c"'))
    expect(say).toMatchObject({ name: 'Say', text: 'A caller, <b> & "c"', children: [] })
  })
})

describe('what comes after the stream', () => {
  const names = (xml: string) => parseTwiml(xml).map(({ name, text }) => (text ? `${name} ${text}` : name))

  test('is the end of the call', () => {
    expect(names(hangUpTwiml())).toEqual(['Hangup'])
  })

  test('is an apology and a goodbye when nobody else is there', () => {
    expect(names(apologyTwiml(undefined))).toEqual([`Say ${cues.apology} ${cues.callAgain}`, 'Hangup'])
  })

  test('is an apology and a person when there is one', () => {
    expect(names(apologyTwiml('+15551230009'))).toEqual([
      `Say ${cues.apology} ${cues.connecting}`,
      'Dial +15551230009',
      `Say ${cues.callAgain}`,
      'Hangup'
    ])
  })

  test('is a person who is told why', () => {
    const transfer = { number: '+15551230001', actionUrl: 'https://agent.example.com/transfer-ended', whisperUrl: '/w' }
    const [dial] = parseTwiml(transferTwiml(transfer))
    expect(dial).toMatchObject({
      name: 'Dial',
      attributes: { action: transfer.actionUrl },
      children: [{ name: 'Number', text: '+15551230001', attributes: { url: '/w' } }]
    })
  })

  test('is never heard by a caller for whom no line is free', () => {
    expect(parseTwiml(busyTwiml(undefined))).toMatchObject([{ name: 'Reject', attributes: { reason: 'busy' } }])
    expect(names(busyTwiml('+15551230009'))).toEqual(['Dial +15551230009', 'Hangup'])
  })
})
