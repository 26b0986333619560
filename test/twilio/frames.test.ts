import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MediaReader, parseFrame } from '../../src/twilio/frames.ts'

const captured = readFileSync(new URL('frames.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
const streamSid = 'MZ00000000000000000000000000000000'
const callSid = 'CA00000000000000000000000000000000'

/** A frame with its audio as text. */
function read(text: string) {
  const frame = parseFrame(text)
  return frame?.event === 'media' ? { ...frame, audio: frame.audio.toString() } : frame
}

describe('a frame as Twilio sends it', () => {
  test('is read, whatever its kind', () => {
    expect(captured.map(read)).toEqual([
      { event: 'connected' },
      { event: 'start', streamSid, callSid, customParameters: {}, isPractice: false, isMulaw8k: true },
      {
        event: 'start',
        streamSid,
        callSid,
        customParameters: { FirstName: 'Jane', token: 'abc.def' },
        isPractice: false,
        isMulaw8k: true
      },
      { event: 'media', streamSid, audio: '/////w==', timestampMs: 155 },
      { event: 'media', streamSid, audio: 'fn5+fv///39/f/7+', timestampMs: 1593 },
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
    expect(read(JSON.stringify(richer))).toEqual(read(line))
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
    const frame = read(JSON.stringify({ event: 'media', streamSid, media: { payload: '////', timestamp } }))
    expect(frame).toEqual({ event: 'media', streamSid, audio: '////', timestampMs })
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

describe('a media frame read where it came in', () => {
  const reader = new MediaReader(streamSid)
  const written = (fields: Partial<Record<'head' | 'timestamp' | 'payload' | 'rest', string>> = {}) => {
    const {
      head = '{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"1","timestamp":"',
      timestamp = '155',
      payload = '/////w==',
      rest = `"},"streamSid":"${streamSid}"}`
    } = fields
    return `${head}${timestamp}","payload":"${payload}${rest}`
  }
  const readHere = (text: string) => {
    const frame = reader.read(Buffer.from(text))
    return frame && { ...frame, audio: frame.audio.toString() }
  }

  test('is the frame that JSON would give', () => {
    const media = captured.filter((line) => line.startsWith('{"event":"media"'))
    expect(media.length).toBeGreaterThan(1)
    for (const line of media) expect(readHere(line)).toEqual(read(line))
    for (const timestamp of ['0', '86400000', '86400001', '9'.repeat(400)]) {
      expect(readHere(written({ timestamp }))).toEqual(read(written({ timestamp })))
    }
  })

  test.each([
    ['of another stream', written({ rest: '"},"streamSid":"MZ1"}' })],
    ['that is cut off', written().slice(0, -1)],
    ['that goes on', `${written()} `],
    ['without a number', written({ timestamp: '' })],
    ['with a negative number', written({ timestamp: '-1' })],
    [
      'with its fields in another order',
      written().replace('"track":"inbound",', '').replace('"chunk":"1"', '"chunk":"1","track":"inbound"')
    ],
    ['of the other track', written().replace('inbound', 'outbound')],
    ['without audio', written({ payload: '' })],
    ['with half a character of base64', written({ payload: '/////w=' })],
    ['with padding in the middle', written({ payload: '//==////' })],
    ['with what is not base64', written({ payload: '////,w==' })],
    ['with what looks like base64 in eight bits', written({ payload: '///\u012f/w==' })],
    ['that would break out of JSON', written({ payload: '","x":"' })],
    ['that is another frame', captured.at(-1) ?? '']
  ])('is none %s', (_what, text) => {
    expect(readHere(text)).toBeUndefined()
  })

  test('or else it is what JSON makes of it, whatever is changed in it', () => {
    const whole = written({ payload: 'fn5+fv///39/f/7+' })
    const at = fc.integer({ min: 0, max: whole.length - 1 })
    fc.assert(
      fc.property(at, fc.string({ maxLength: 2 }), fc.nat(2), (where, put, cut) => {
        const text = whole.slice(0, where) + put + whole.slice(where + cut)
        const frame = readHere(text)
        if (frame) expect(frame).toEqual(read(text))
      }),
      { numRuns: 2_000 }
    )
  })
})
