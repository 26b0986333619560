import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { recordingNotice } from '../../src/agent/cues.ts'
import type { Instruction, Stream } from '../../src/console/instruction.ts'
import { calls, obliging, says, speak } from '../call/manners/scene.ts'
import { type House, type HouseOptions, reaches, startFrame, startHouse } from '../house.ts'

const CONSOLE_TOKEN = 'the-token-of-the-console'
const authorization = `Bearer ${CONSOLE_TOKEN}`

const start = ({ env, ...options }: HouseOptions = {}) => startHouse({ env: { CONSOLE_TOKEN, ...env }, ...options })

interface Refused {
  readonly error: { readonly code: string; readonly message: string }
}

async function post<Body = Refused>({ url }: House, path: string, body: object = {}) {
  const headers = { authorization, 'content-type': 'application/json' }
  const reply = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return { status: reply.status, body: (await reply.json()) as Body }
}

const ring = async (house: House) => (await post<Stream>(house, '/api/phone/calls')).body
const ended = async (house: House, callSid: string, question: object = {}) =>
  (await post<Instruction>(house, `/api/phone/calls/${callSid}/ended`, question)).body

/** The page's end of a stream, by hand. Marks are answered at once. */
async function dial({ url }: House, { callSid, parameters }: Stream) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/phone/stream`, { headers: { authorization } })
  onTestFinished(() => socket.terminate())
  const streamSid = 'MZ00000000000000000000000000000001'
  socket.on('message', (data) => {
    const { event, mark } = JSON.parse(String(data))
    if (event === 'mark') socket.send(JSON.stringify({ event, streamSid, mark }))
  })
  await once(socket, 'open')
  socket.send(JSON.stringify(startFrame({ streamSid, callSid, customParameters: parameters })))
  return {
    closed: once(socket, 'close').then(([code]) => code as number),
    hangUp: () => socket.send(JSON.stringify({ event: 'stop', streamSid, stop: { callSid } }))
  }
}

async function connect(house: House) {
  const line = await ring(house)
  const caller = await dial(house, line)
  const call = await house.answered.next()
  await reaches(call, 'live')
  return { line, caller, call }
}

describe('a call from the page', () => {
  test('is a call like any other, whose record says where it came from', async () => {
    const house = await start()
    const { line, caller } = await connect(house)
    expect(line).toEqual({ callSid: expect.stringMatching(/^CA[0-9a-f]{32}$/), parameters: expect.anything(), say: '' })
    caller.hangUp()
    expect(await house.records.next()).toMatchObject({
      ...{ callSid: line.callSid, from: 'client:console', direction: 'inbound' },
      ...{ isPractice: false, endReason: 'caller_hung_up' }
    })
  })

  test('has a token that is good once, and for this call', async () => {
    const house = await start()
    const { line, caller } = await connect(house)
    const second = await dial(house, line)
    expect(await second.closed).toBe(1008)
    caller.hangUp()
  })

  test('gives the page the notice that has to be heard before the stream', async () => {
    const house = await start({ env: { RECORDING: 'announce' } })
    expect((await ring(house)).say).toBe(recordingNotice)
  })

  test('that is declined says why, and leaves its line alone', async () => {
    const house = await start({ env: { MAX_CALLS: '1', MAX_CALLS_PER_CALLER: '4' } })
    const { callSid } = await ring(house)
    const error = async () => (await post(house, '/api/phone/calls')).body.error
    expect(await error()).toEqual({ code: 'line_busy', message: 'all lines are taken (MAX_CALLS is 1)' })
    expect(await ended(house, callSid, { isOver: true })).toEqual({ do: 'hang up' })
    await ring(house)
    expect((await post(house, '/api/phone/calls')).status).toBe(409)
    expect(await error()).toMatchObject({ code: 'too_many_calls' })
  })

  test('is declined while the server stops, is overloaded or has spent its budget', async () => {
    const states = { isOverloaded: false, isDaySpent: false }
    const overrides = { isOverloaded: () => states.isOverloaded, isDaySpent: () => states.isDaySpent }
    const house = await start({ overrides })
    const refusal = async () => {
      const { status, body } = await post(house, '/api/phone/calls')
      return [status, body.error.code]
    }
    states.isDaySpent = true
    expect(await refusal()).toEqual([409, 'budget_spent'])
    states.isOverloaded = true
    expect(await refusal()).toEqual([503, 'overloaded'])
    void house.app.calls.drain(0)
    expect(await refusal()).toEqual([503, 'draining'])
  })
})

describe('when its stream is over, the page is told', () => {
  const env = { TRANSFER_TARGETS: 'billing=+15551230001' }
  const summary = 'Sam asks about a bill.'
  const model = obliging(({ kind }) =>
    kind === 'speech' ? [calls('put_through', { person: 'billing', reason: summary })] : [says('Hello.')]
  )

  test('whom the agent puts the caller through to, and then to stream again when nobody picks up', async () => {
    const house = await start({ env, model })
    const { line, caller } = await connect(house)
    speak(await house.model.nextSession(), 'Billing, please.')
    await caller.closed
    const next = await ended(house, line.callSid)
    expect(next).toEqual({ do: 'dial', target: 'billing', number: '+15551230001', summary })
    const again = await ended(house, line.callSid, { dial: 'no-answer' })
    expect(again).toMatchObject({ do: 'stream', callSid: line.callSid, say: '' })
    const back = await dial(house, again as Extract<Instruction, { do: 'stream' }>)
    const call = await house.answered.next()
    await reaches(call, 'live')
    expect(call.context.returnedFrom).toBe('billing: no-answer')
    back.hangUp()
  })

  test('that the agent hung up, or an apology where there is no model', async () => {
    const house = await start({ env: { MODEL_RECONNECT_MS: '100' } })
    const { line, caller, call } = await connect(house)
    call.end('agent_hung_up')
    await caller.closed
    expect(await ended(house, line.callSid)).toEqual({ do: 'hang up' })
    const lost = await connect(house)
    lost.call.end('model_refused')
    await lost.caller.closed
    expect(await ended(house, lost.line.callSid)).toEqual({
      do: 'apologise',
      say: expect.stringMatching(/^We are sorry/)
    })
  })

  test('nothing about a call that is not the page’s', async () => {
    const house = await start()
    const { phone } = await house.connect()
    const { status, body } = await post(house, `/api/phone/calls/${phone.callSid}/ended`)
    expect([status, body.error.code]).toEqual([404, 'not_found'])
    expect(house.app.calls.live).toBe(1)
    const { callSid } = await ring(house)
    expect((await post(house, `/api/phone/calls/${callSid}/ended`, { isOver: 'yes' })).status).toBe(400)
    phone.hangUp()
  })
})
