import { once } from 'node:events'
import { expect, test } from 'vitest'
import { Inbox } from '../../simulator/inbox.ts'
import type { Heard } from '../../src/call/playback.ts'
import type { MediaStream } from '../../src/twilio/media-stream.ts'
import { silence } from '../../src/wire/mulaw.ts'
import { eventually } from '../house.ts'
import { bareStream } from './bare-stream.ts'

const streamSid = 'MZ1'
const sound = (ms: number) => silence(ms).toString()
const mediaFrame = (payload: string) => ({ event: 'media', streamSid, media: { payload, timestamp: '0' } })
const markFrame = (name: string) => ({ event: 'mark', streamSid, mark: { name } })

/** What the stream says of playback, in order. */
function toldBy(stream: MediaStream) {
  const told = new Inbox<string | Heard>('told', String)
  stream.on('playing', () => told.push('playing'))
  stream.on('silent', ({ cleared }) => told.push(cleared ? 'cleared' : 'silent'))
  stream.on('marks', (names) => names.forEach((name) => void told.push(name)))
  stream.on('heard', (heard) => told.push(heard))
  stream.on('gone', (gone) => told.push(gone))
  return told
}

test("Twilio's frames are told as they came to those who listen, and to nobody else", async () => {
  const { stream, send } = await bareStream()
  const raw = new Inbox<{ event: string }>('raw', ({ event }) => event)
  const stop = stream.onRaw((message) => raw.push(message as { event: string }))
  const sent = [
    { event: 'connected', protocol: 'Call', version: '1.0.0' },
    { event: 'start', streamSid, start: { streamSid, callSid: 'CA1', customParameters: { token: 'a' } } },
    mediaFrame('////'),
    { event: 'dtmf', streamSid, dtmf: { digit: '5' } },
    markFrame('never sent'),
    { event: 'new', streamSid }
  ]
  for (const frame of sent) {
    send('not JSON')
    send(frame)
  }
  await raw.next(({ event }) => event === 'new')
  expect(raw.all).toEqual(sent)
  stop()
  send({ event: 'stop', streamSid })
  await once(stream, 'gone')
  expect(raw.all).toEqual(sent)
})

test('both lanes can be tapped: the caller also while they are held, the agent as it is sent', async () => {
  const { stream, send, start, frames } = await bareStream()
  const lanes = new Inbox<[string, unknown?]>('lanes', String)
  const stop = stream.tap({
    caller: ({ audio, timestampMs }) => lanes.push([audio.toString(), timestampMs]),
    agent: (audio, owner) => lanes.push([audio, owner])
  })
  stream.play('AAAA', 'house')
  await start()
  send(mediaFrame('////'))
  await lanes.next()
  stream.play('BBBB', { item: 'a' })
  stream.play('CCCC', 'house')
  expect(lanes.all).toEqual([
    ['////', 0],
    ['BBBB', { item: 'a' }],
    ['CCCC', 'house']
  ])
  stop()
  stream.play('DDDD', { item: 'a' })
  await frames.next(({ media }) => media?.payload === 'DDDD')
  const flown = new Inbox<string>('flown')
  stream.flowTo(({ audio }) => flown.push(audio.toString()))
  send(mediaFrame('++++'))
  await flown.next((payload) => payload === '++++')
  expect(flown.all).toEqual(['////', '++++'])
  expect(lanes.all).toHaveLength(3)
})

test('marks are told before silence, once, those that are withheld among them; the house’s never', async () => {
  const { stream, send, start, frames } = await bareStream()
  const told = toldBy(stream)
  await start()
  stream.play(sound(1_000), 'house')
  stream.play(sound(20), { item: 'a' })
  stream.mark('a1', 'a', false)
  stream.mark('a2', 'a', true)
  const house = await frames.next(({ event }) => event === 'mark')
  send(markFrame(house.mark?.name ?? ''))
  await frames.next(({ mark }) => mark?.name === 'a2')
  send(markFrame('a2'))
  await told.next((one) => one === 'silent')
  stream.play(sound(500), { item: 'b' })
  stream.mark('b1', 'b', false)
  stream.clear()
  send(markFrame('b1'))
  send({ event: 'stop', streamSid })
  await told.next((one) => one === 'stopped')
  expect(told.all).toEqual([
    'playing',
    'a1',
    'a2',
    { itemId: 'a', sentMs: 20, playedMs: 20, cut: false, sentAt: expect.any(Number), beganAt: expect.any(Number) },
    'silent',
    'playing',
    'b1',
    { itemId: 'b', sentMs: 500, playedMs: 0, cut: true, sentAt: undefined, beganAt: undefined },
    'cleared',
    'stopped'
  ])
})

test.each([
  ['hangs up', 'stopped'],
  ['is lost', 'closed'],
  ['is hung up on', undefined]
])(
  'what a caller who %s has heard is told before the stream is gone, up to where it was played',
  async (_who, gone) => {
    const { stream, socket, send, start } = await bareStream()
    const told = toldBy(stream)
    await start()
    const before = performance.now()
    stream.play(sound(10_000), { item: 'a' })
    stream.mark('a1', 'a', false)
    await eventually(
      () => performance.now() - before,
      (ms) => ms > 200
    )
    if (gone === 'stopped') send({ event: 'stop', streamSid })
    else if (gone === 'closed') socket.terminate()
    else stream.close('over')
    await told.next((one) => typeof one === 'object')
    const latest = performance.now() - before
    if (gone) await told.next((one) => one === gone)
    stream.close('over')
    const [playing, heard, ...rest] = told.all
    expect([playing, rest]).toEqual(['playing', gone ? [gone] : []])
    expect(heard).toMatchObject({ itemId: 'a', sentMs: 10_000, cut: true })
    expect((heard as Heard).playedMs).toBeGreaterThan(190)
    expect((heard as Heard).playedMs).toBeLessThanOrEqual(latest)
  }
)

test.each([
  ['over', 1000],
  ['refused', 1008]
] as const)('a stream that is %s is closed with %i, once, and is not gone by itself', async (why, code) => {
  const { stream, socket, start } = await bareStream()
  const told = toldBy(stream)
  await start()
  stream.close(why)
  stream.close('over')
  stream.play('////', 'house')
  expect((await once(socket, 'close'))[0]).toBe(code)
  expect(told.all).toEqual([])
})

test('a listener that throws is a fault of its own, and the stream goes on', async () => {
  const { stream, send, start } = await bareStream()
  const faults = new Inbox<unknown>('faults')
  stream.on('fault', (error) => faults.push(error))
  stream.onRaw(() => {
    throw new Error('raw')
  })
  stream.on('key', () => {
    throw new Error('key')
  })
  await start()
  send({ event: 'dtmf', streamSid, dtmf: { digit: '5' } })
  send({ event: 'stop', streamSid })
  expect(await once(stream, 'gone')).toEqual(['stopped'])
  expect(faults.all.map((error) => (error as Error).message)).toEqual(['raw', 'raw', 'key', 'raw'])
})
