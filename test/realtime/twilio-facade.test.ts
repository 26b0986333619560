import { once } from 'node:events'
import { expect, test } from 'vitest'
import { Inbox } from '../../simulator/inbox.ts'
import type { Heard } from '../../src/call/playback.ts'
import { twilioFacade } from '../../src/realtime/twilio-facade.ts'
import { bareStream } from '../twilio/bare-stream.ts'

type Told = { event: string; mark?: { name: string }; [field: string]: unknown }

async function facadeOf(item: string) {
  const twilio = await bareStream()
  const facade = twilioFacade(twilio.stream, () => item)
  const told = new Inbox<Told>('told', ({ event }) => event)
  const listen = (to: Inbox<Told>) => {
    facade.addEventListener('message', ({ data }) => {
      expect(facade.isTelling).toBe(true)
      to.push(JSON.parse(data))
    })
  }
  listen(told)
  const mark = (name: string) => facade.send(JSON.stringify({ event: 'mark', streamSid: 'MZ1', mark: { name } }))
  const media = (payload: string) =>
    facade.send(JSON.stringify({ event: 'media', streamSid: 'MZ1', media: { payload } }))
  return { ...twilio, facade, told, listen, mark, media }
}

const aSecond = Buffer.alloc(8_000, 0xff).toString('base64')
const markFrame = (name: string) => ({ event: 'mark', streamSid: 'MZ1', mark: { name } })

test('the SDK is told of the start, also late, and of its marks, and of nothing else of Twilio’s', async () => {
  const { facade, stream, told, listen, send, start, media, mark } = await facadeOf('item')
  send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
  await start()
  const late = new Inbox<Told>('late', ({ event }) => event)
  listen(late)
  media(aSecond)
  mark('item:1000:g1:m1')
  send({ event: 'media', streamSid: 'MZ1', media: { payload: '////', timestamp: '0' } })
  send({ event: 'dtmf', streamSid: 'MZ1', dtmf: { digit: '5' } })
  send(markFrame('never sent'))
  send(markFrame('item:1000:g1:m1'))
  send({ event: 'stop', streamSid: 'MZ1' })
  await once(stream, 'gone')
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 }
  const expected = [
    { event: 'start', streamSid: 'MZ1', start: { streamSid: 'MZ1', mediaFormat } },
    { event: 'mark', mark: { name: 'item:1000:g1:m1' } }
  ]
  expect(told.all).toEqual(expected)
  expect(late.all).toEqual(expected)
  expect(facade.isTelling).toBe(false)
})

test('its audio goes out as the item’s whose it is, or what was taken past it does; its last mark ends the item', async () => {
  const { facade, stream, frames, send, start, media, mark } = await facadeOf('a:1:10')
  const heard = new Inbox<Heard>('heard')
  stream.on('heard', (one) => heard.push(one))
  await start()
  media(aSecond)
  mark('a:1:10:1000:g1:m1')
  facade.nextPayload = 'AAAA'
  media('')
  facade.nextPayload = undefined
  mark('done:a:1:10:g1:m2')
  await frames.next(({ mark }) => mark?.name === 'done:a:1:10:g1:m2')
  expect(frames.all.flatMap((frame) => frame.media?.payload ?? [])).toEqual([aSecond, 'AAAA'])
  send(markFrame('done:a:1:10:g1:m2'))
  expect(await heard.next()).toMatchObject({ itemId: 'a:1:10', sentMs: 1_000.375, playedMs: 1_000.375, cut: false })
})

test('its clear is answered at once, with the marks that it takes', async () => {
  const { facade, told, frames, start, media, mark } = await facadeOf('item')
  await start()
  media(aSecond)
  mark('item:1000:g1:m1')
  mark('done:item:g1:m2')
  facade.send('{"event":"clear","streamSid":"MZ1"}')
  expect(told.all.flatMap((frame) => frame.mark?.name ?? [])).toEqual(['item:1000:g1:m1', 'done:item:g1:m2'])
  await frames.next(({ event }) => event === 'clear')
})

test('an item that the model left unfinished is heard when what there is of it was played, and the SDK learns no new mark', async () => {
  const { facade, stream, told, frames, send, start, media, mark } = await facadeOf('item')
  const heard = new Inbox<Heard>('heard')
  stream.on('heard', (one) => heard.push(one))
  await start()
  media(aSecond)
  mark('item:1000:g1:m1')
  facade.modelLost()
  facade.modelLost()
  const { mark: last } = await frames.next((frame) => frame.mark?.name.startsWith('lost') ?? false)
  send(markFrame(last?.name ?? ''))
  expect(await heard.next()).toMatchObject({ itemId: 'item', playedMs: 1_000, cut: false })
  expect(told.all.flatMap((frame) => frame.mark?.name ?? [])).toEqual(['item:1000:g1:m1'])
  expect(frames.all.filter(({ event }) => event === 'mark')).toHaveLength(2)
})
