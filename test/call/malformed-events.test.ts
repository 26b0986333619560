import { describe, expect, test } from 'vitest'
import type { PhoneCall } from '../../simulator/telephone/telephone.ts'
import type { Dependencies } from '../../src/app.ts'
import { distinctSound, eventually, type House, losses, startHouse } from '../house.ts'
import { answers, obliging } from './manners/scene.ts'
import { SERVER_EVENTS } from './server-events.ts'

type Connected = Awaited<ReturnType<House['connect']>>
type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type Event = { readonly type: Json; readonly [key: string]: Json }

/** How an event is written: the model begins it with its type, and JSON allows any order of keys. */
const orders: Record<string, (event: { readonly [key: string]: unknown }) => string> = {
  'type first': ({ type, ...event }) => JSON.stringify({ type, ...event }),
  'type last': ({ type, ...event }) => JSON.stringify({ ...event, type })
}

/** Whether the SDK reads everything that the model says, or only what is not read for it. */
const ways: Record<string, Partial<Dependencies>> = {
  'nobody listens': {},
  'raw events are listened to': { onCall: (_call, { session }) => void session.on('transport_event', () => {}) }
}

const variants = Object.entries(ways).flatMap(([way, overrides]) =>
  Object.entries(orders).map(([order, write]) => ({ way, overrides, order, write }))
)
const isTrial = process.env['TRIAL'] === 'events'

const unread = ({ log }: House, type: string) =>
  log.all.filter(({ msg, event }) => msg === 'the SDK could not read an event' && event === type)

const audioTo = (phone: PhoneCall): Buffer =>
  Buffer.concat(
    phone.frames.all.flatMap((frame) => (frame.event === 'media' ? [Buffer.from(frame.media.payload, 'base64')] : []))
  )

/** The model speaks, and the caller hears it to its end. */
async function expectAlive(house: House, { call, session }: Connected): Promise<void> {
  const words = 'Here I am.'
  void session.say({ ms: 60, transcript: words })
  await eventually(
    () => ({ state: call.state.name, said: answers(house) }),
    ({ state, said }) => state === 'live' && said.includes(words)
  )
  expect(losses(call)).toBe(0)
}

describe.each(variants)('$way, $order:', ({ overrides, order, way, write }) => {
  const share = variants.findIndex((variant) => variant.way === way && variant.order === order)

  const connect = async () => {
    const house = await startHouse({ model: obliging(), overrides })
    const line = await house.connect()
    return { house, line }
  }

  test('a session.created that cannot be read costs that event, and its kind is logged once', async () => {
    const { house, line } = await connect()
    for (const session of [null, undefined, 'session', 7, [], { expires_at: 'soon' }]) {
      line.session.send(write({ type: 'session.created', event_id: 'event_1', session }))
    }
    await expectAlive(house, line)
    expect(unread(house, 'session.created')).toMatchObject([{ level: 40 }])
  })

  const delta = { event_id: 'event_1', response_id: 'resp_1', item_id: 'item_1', output_index: 0, content_index: 0 }

  test('audio that cannot be decoded is dropped, and what comes after it is heard', async () => {
    const { house, line } = await connect()
    const sound = distinctSound(20)
    for (const audio of ['*not base64*', 'AAAAA', 'AA"AA', '', null, 7, sound.toString('base64')]) {
      line.session.send(write({ type: 'response.output_audio.delta', ...delta, delta: audio }))
    }
    await eventually(
      () => ({ state: line.call.state.name, bytes: audioTo(line.phone).length }),
      ({ bytes }) => bytes > 0
    )
    expect(audioTo(line.phone).equals(sound)).toBe(true)
    expect(unread(house, 'response.output_audio.delta')).toMatchObject([{ level: 40 }])
    await expectAlive(house, line)
  })

  test('twenty seconds of audio in one event are heard whole', async () => {
    const { line } = await connect()
    const sound = distinctSound(20_000)
    line.session.send(write({ type: 'response.output_audio.delta', ...delta, delta: sound.toString('base64') }))
    await eventually(
      () => ({ state: line.call.state.name, bytes: audioTo(line.phone).length }),
      ({ bytes }) => bytes >= sound.length
    )
    expect(audioTo(line.phone).equals(sound)).toBe(true)
    expect(line.call.state.name).toBe('live')
  })

  test('every event of the model’s, mutilated: the call goes on, and the agent is heard', {
    timeout: 30_000
  }, async () => {
    const house = await startHouse({ model: obliging(() => []), overrides, provokes: ['the log', 'the model'] })
    const line = await house.connect()
    const { call, session } = line
    let [count, sent] = [0, 0]
    for (const [type, samples] of Object.entries(SERVER_EVENTS)) {
      for (const sample of samples as unknown as readonly Event[]) {
        for (const mutilated of mutilations(sample)) {
          count += 1
          // The trial sends all of them in all four ways, `npm test` each in one.
          if (!isTrial && count % variants.length !== share) continue
          session.send(write(mutilated as Event))
          // Whatever it began is over, so that each is met by the same call.
          for (const event of CALM) session.send(event)
          sent += 1
        }
        session.send(JSON.stringify(sample).slice(0, -9))
      }
      await hasRead(house, session, type)
      expect(call.state.name, `after ${type}`).toBe('live')
    }
    expect(sent).toBeGreaterThan(isTrial ? 5_000 : 1_250)
    await expectAlive(house, line)
  })
})

test('a session whose end is given in milliseconds and not in seconds is not renewed at once', async () => {
  const house = await startHouse({ model: obliging() })
  const line = await house.connect()
  line.session.send({
    type: 'session.created',
    session: { ...line.session.config, expires_at: Date.now() + 3_600_000 }
  })
  await expectAlive(house, line)
  expect(house.log.all.filter(({ msg }) => msg.startsWith('renewing'))).toEqual([])
})

/** What ends a turn and an answer that an event may have begun. */
const CALM = [
  { type: 'input_audio_buffer.speech_stopped', item_id: 'item_calm', audio_end_ms: 0 },
  { type: 'response.done', response: { id: 'resp_calm', status: 'completed', output: [] } }
]

/** A value of each type; the number is out of all bounds, also where a number belongs. */
const OTHERS: readonly Json[] = [null, Number.MAX_SAFE_INTEGER, 'x', [], {}]

/** An event with one field at a time, at whatever depth, missing or of another type. */
function* mutilations(value: Json): Generator<Json> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, field] of Object.entries(value) as [string, Json][]) {
    const without = structuredClone(value) as { [key: string]: Json }
    if (Array.isArray(without)) without.splice(Number(key), 1)
    else delete without[key]
    yield without
    const put = (other: Json): Json => Object.assign(structuredClone(value), { [key]: other })
    for (const other of OTHERS) if (kindOf(other) !== kindOf(field) || typeof other === 'number') yield put(other)
    for (const inner of mutilations(field)) yield put(inner)
  }
}

const kindOf = (value: Json): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

/** Messages of one session are read in order: what was sent before is read once the log tells of this one. */
async function hasRead(house: House, session: Connected['session'], type: string): Promise<void> {
  const code = `read_${type}`
  session.send({ type: 'error', error: { type: 'invalid_request_error', code, message: 'Read.' } })
  await house.log.next((line) => line['code'] === code)
}
