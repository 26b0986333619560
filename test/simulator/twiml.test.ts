import twilio from 'twilio'
import { describe, expect, test } from 'vitest'
import { parseTwiml } from '../../simulator/telephone/twiml.ts'

describe('TwiML as Twilio reads it', () => {
  test('a document by twilio’s own builder is read back', () => {
    const response = new twilio.twiml.VoiceResponse()
    response.say({ voice: 'Polly.Joanna', language: 'en-US' }, 'Tom & "Jerry" <3')
    const stream = response
      .connect({ action: '/call-ended?a=1&b=2' })
      .stream({ url: 'wss://agent.example.com/media-stream' })
    stream.parameter({ name: 'token', value: 'a>b&c"d' })
    const [say, connect] = parseTwiml(response.toString())
    expect(say).toMatchObject({ name: 'Say', text: 'Tom & "Jerry" <3', attributes: { voice: 'Polly.Joanna' } })
    expect(connect?.attributes).toEqual({ action: '/call-ended?a=1&b=2' })
    expect(connect?.children[0]?.children[0]?.attributes).toEqual({ name: 'token', value: 'a>b&c"d' })
  })

  test('references, CDATA, comments and markup inside Say are what is said', () => {
    const xml =
      '<Response><!-- greeting --><Say>It&#39;s <emphasis>five</emphasis> <![CDATA[< six]]> &#x2603;</Say></Response>'
    expect(parseTwiml(xml)[0]?.text).toBe("It's five < six ☃")
  })

  test('an empty response has nothing to do', () => {
    expect(parseTwiml('<?xml version="1.0" encoding="UTF-8"?>\n<Response/>')).toEqual([])
  })

  const broken = [
    ['an open tag', '<Response><Say>Hi</Response>'],
    ['a bare ampersand in text', '<Response><Say>Tom & Jerry</Say></Response>'],
    ['a bare ampersand in an attribute', '<Response><Redirect method="P&T">/x</Redirect></Response>'],
    ['a bare < in an attribute', '<Response><Connect action="/a<b"><Stream url="wss://a/"/></Connect></Response>'],
    ['an unknown entity', '<Response><Say>caf&eacute;</Say></Response>'],
    ['a control character', '<Response><Say>a\u0007b</Say></Response>'],
    ['a reference to NUL', '<Response><Say>a&#0;b</Say></Response>'],
    ['half a character', '<Response><Say>\ud83d</Say></Response>'],
    ['two roots', '<Response/><Response/>'],
    ['a root in lower case', '<response/>'],
    ['text before the document', 'Hello <Response/>'],
    ['a DOCTYPE', '<!DOCTYPE x [<!ENTITY y "z">]><Response/>']
  ]
  test.each(broken)('%s is no XML that Twilio takes', (_what, xml) => {
    expect(() => parseTwiml(xml)).toThrow(expect.objectContaining({ code: 12100 }))
  })

  const invalid = [
    ['an unknown verb', '<Response><Sing/></Response>'],
    ['a verb in lower case', '<Response><say>Hi</say></Response>'],
    ['a verb this telephone has not learnt', '<Response><Play>/a.mp3</Play></Response>'],
    ['an unknown attribute', '<Response><Hangup now="true"/></Response>'],
    ['text between verbs', '<Response>Hello <Hangup/></Response>'],
    ['Say with nothing to say', '<Response><Say/></Response>'],
    ['Connect without a stream', '<Response><Connect/></Response>'],
    ['Stream without url', '<Response><Connect><Stream/></Connect></Response>'],
    ['Stream at the top', '<Response><Stream url="wss://a/"/></Response>'],
    [
      'Parameter without value',
      '<Response><Connect><Stream url="wss://a/"><Parameter name="a"/></Stream></Connect></Response>'
    ],
    ['Reject with a reason of its own', '<Response><Reject reason="tired"/></Response>'],
    ['a method that is none', '<Response><Redirect method="PUT">/x</Redirect></Response>'],
    ['Dial without anybody', '<Response><Dial action="/x"/></Response>'],
    ['Pause of no length', '<Response><Pause length="soon"/></Response>']
  ]
  test.each(invalid)('%s is no TwiML', (_what, xml) => {
    expect(() => parseTwiml(xml)).toThrow(expect.objectContaining({ code: 12200 }))
  })

  test('more than 64 kB is too much', () => {
    expect(() => parseTwiml(`<Response><Say>${'a'.repeat(65_536)}</Say></Response>`)).toThrow(
      expect.objectContaining({ code: 11750 })
    )
  })
})
