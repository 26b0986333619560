import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { base64Bytes, parseFrame } from '../../src/twilio/frames.ts'

const captured = readFileSync(new URL('frames.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const streamSid = 'MZ00000000000000000000000000000000'
const callSid = 'CA00000000000000000000000000000000'

describe('a frame as Twilio sends it', () => {
  test('is read, whatever its kind', () => {
    expect(captured.map(parseFrame)).toEqual([
      { event: 'connected' },
      { event: 'start', streamSid, callSid, customParameters: {}, isMulaw8k: true },
      {
        event: 'start',
        streamSid,
        callSid,
        customParameters: { FirstName: 'Jane', token: 'abc.def' },
        isMulaw8k: true
      },
      { event: 'media', streamSid, payload: '/////w==', timestampMs: 155 },
      { event: 'media', streamSid, payload: 'fn5+fv///39/f/7+', timestampMs: 1593 },
      { event: 'dtmf', streamSid, digit: '1' },
      { event: 'dtmf', streamSid, digit: '#' },
      { event: 'mark', streamSid, name: 'item_BxQ9:1600:g1:m2' },
      { event: 'stop', streamSid }
    ])
  })

  test.each(captured)('is still read when Twilio adds a field: %s', (line) => {
    const message = JSON.parse(line)
    const inner = message[message.event]
    const richer = { ...message, new: 1, ...(inner ? { [message.event]: { ...inner, new: { deep: true } } } : {}) }
    expect(parseFrame(JSON.stringify(richer))).toEqual(parseFrame(line))
  })
})

describe('anything else is no frame', () => {
  const media = { event: 'media', streamSid, media: { payload: '////' } }
  const broken: [string, unknown][] = [
    ['nothing', ''],
    ['no JSON', '{"event":"media"'],
    ['null', null],
    ['a number', 7],
    ['a list', [media]],
    ['no event', { streamSid }],
    ['an unknown event', { event: 'video', streamSid }],
    ['a start without a call', { event: 'start', streamSid, start: { streamSid } }],
    ['a start that names its stream only once', { event: 'start', streamSid, start: { callSid } }],
    ['a start without its details', { event: 'start', streamSid }],
    [
      'a start whose parameters are no text',
      { event: 'start', streamSid, start: { streamSid, callSid, customParameters: { a: 1 } } }
    ],
    ['a start with an endless callSid', { event: 'start', streamSid, start: { streamSid, callSid: 'C'.repeat(65) } }],
    ['media without a payload', { ...media, media: {} }],
    ['media that is null', { ...media, media: null }],
    ['media without a stream', { event: 'media', media: media.media }],
    ['media that is not base64', { ...media, media: { payload: '{"a":1}!' } }],
    ['media that would break out of JSON', { ...media, media: { payload: '","x":"' } }],
    ['media of nothing', { ...media, media: { payload: '' } }],
    ['a key no telephone has', { event: 'dtmf', streamSid, dtmf: { digit: 'x' } }],
    ['two keys at once', { event: 'dtmf', streamSid, dtmf: { digit: '12' } }],
    ['a mark without a name', { event: 'mark', streamSid, mark: {} }],
    ['a mark with an endless name', { event: 'mark', streamSid, mark: { name: 'm'.repeat(257) } }],
    ['a stop of no stream', { event: 'stop' }]
  ]
  test.each(broken)('%s', (_what, message) => {
    expect(parseFrame(typeof message === 'string' ? message : JSON.stringify(message))).toBeUndefined()
  })

  test('nothing that a socket can bring makes the parser throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseFrame(text)))
    fc.assert(fc.property(fc.json(), (text) => void parseFrame(text)))
    const event = fc.constantFrom('start', 'media', 'dtmf', 'mark', 'stop', 'connected')
    fc.assert(
      fc.property(event, fc.jsonValue(), fc.jsonValue(), (name, inner, sid) => {
        parseFrame(JSON.stringify({ event: name, streamSid: sid, [name]: inner }))
      })
    )
  })
})

describe('a timestamp', () => {
  const timestamps: [unknown, number | undefined][] = [
    ['0', 0],
    ['155', 155],
    ['86400000', 86_400_000],
    ['86400001', undefined],
    ['999999999999', undefined],
    ['-20', undefined],
    ['1.5', undefined],
    ['0x10', undefined],
    ['', undefined],
    [155, undefined],
    [undefined, undefined]
  ]
  test.each(timestamps)('%j reads as %j, and the audio is taken in any case', (timestamp, timestampMs) => {
    const frame = parseFrame(JSON.stringify({ event: 'media', streamSid, media: { payload: '////', timestamp } }))
    expect(frame).toEqual({ event: 'media', streamSid, payload: '////', timestampMs })
  })
})

test.each([
  ['mu-law at 8 kHz', { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 }, true],
  ['another rate', { encoding: 'audio/x-mulaw', sampleRate: 16_000, channels: 1 }, false],
  ['another coding', { encoding: 'audio/x-l16', sampleRate: 8_000, channels: 1 }, false],
  ['two channels', { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 2 }, false],
  ['no format', undefined, false]
])('a stream in %s is told apart', (_what, mediaFormat, isMulaw8k) => {
  const text = JSON.stringify({ event: 'start', streamSid, start: { streamSid, callSid, mediaFormat } })
  expect(parseFrame(text)).toMatchObject({ event: 'start', isMulaw8k })
})

test('the length of base64 is the length of what it stands for', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), (bytes) => {
      expect(base64Bytes(Buffer.from(bytes).toString('base64'))).toBe(bytes.length)
    })
  )
})
