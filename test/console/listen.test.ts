import { once } from 'node:events'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { SILENCE } from '../../src/records/wav.ts'
import { hears, obliging, says, speak } from '../call/manners/scene.ts'
import { distinctSound, eventually, type House } from '../house.ts'
import { aCall } from '../records/rows.ts'
import { OURS, startConsole } from './console.ts'

const env = { LISTEN: 'true' }
const SILENT = Buffer.alloc(160, SILENCE)

/** Listens to a call as the page does: what came of each lane, and how often the agent's was cleared. */
async function listenTo({ url }: House, callSid: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/calls/${callSid}/listen`, { headers: OURS })
  onTestFinished(() => socket.terminate())
  const lanes = { caller: Buffer.alloc(0), agent: Buffer.alloc(0), clears: 0 }
  socket.on('message', (data: Buffer) => {
    if (data[0] === 2) lanes.clears += 1
    else if (data[0] === 1) lanes.agent = Buffer.concat([lanes.agent, data.subarray(1)])
    else lanes.caller = Buffer.concat([lanes.caller, data.subarray(1)])
  })
  await once(socket, 'open')
  return { socket, lanes }
}

/** The answer to an upgrade that is refused. */
async function refusedUpgrade({ url }: House, callSid: string, headers: Record<string, string> = OURS) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/calls/${callSid}/listen`, { headers })
  const [request, reply] = await once(socket, 'unexpected-response')
  const chunks: Buffer[] = []
  for await (const chunk of reply) chunks.push(chunk)
  request.destroy()
  return { status: reply.statusCode, ...JSON.parse(Buffer.concat(chunks).toString()).error }
}

const audited = (store: Awaited<ReturnType<typeof startConsole>>['store']) =>
  store.db.selectFrom('audit').select(['action', 'calls', 'address']).execute()

describe('listening', () => {
  test('brings both lanes of a call that runs, byte for byte, until it ends, and leaves a row', async () => {
    const { house, store } = await startConsole('SQLite', { env, model: obliging(() => [says('We are open.', 500)]) })
    const { phone, session } = await house.connect()
    const { socket, lanes } = await listenTo(house, phone.callSid)
    expect(await audited(store)).toEqual([{ action: 'listen', calls: 1, address: '127.0.0.1' }])
    const sound = distinctSound(400)
    await phone.play(sound)
    await eventually(
      () => lanes.caller.length,
      () => lanes.caller.includes(sound)
    )
    speak(session, 'Are you open?')
    await hears(phone, 490)
    expect(lanes.agent.filter((byte) => (byte & 0x7f) !== 0x7f).length).toBeGreaterThan(490 * 8)
    const closed = once(socket, 'close')
    phone.hangUp()
    expect(String((await closed)[1])).toBe('this call is over')
  })

  test('tells when the caller has cut the agent off', async () => {
    const model = obliging(() => [says('One two three four five six seven eight.', 4_000)])
    const { house } = await startConsole('SQLite', { env, model })
    const { phone, session } = await house.connect()
    const { lanes } = await listenTo(house, phone.callSid)
    speak(session, 'Count.')
    await hears(phone, 300)
    session.hearSpeech()
    await eventually(
      () => lanes.clears,
      (count) => count > 0
    )
  })

  test('with RECORDING brings nothing before the caller agrees, nor during a pause, nor after they withdraw', async () => {
    const { house } = await startConsole('SQLite', { env: { ...env, RECORDING: 'ask' }, model: obliging() })
    const { phone, call } = await house.connect()
    const { lanes } = await listenTo(house, phone.callSid)
    const other = await listenTo(house, phone.callSid)
    const marks = [distinctSound(200), distinctSound(400).subarray(1_600), distinctSound(600).subarray(3_200)]
    const [before = SILENT, during = SILENT, after = SILENT] = marks
    const heardByModel = async (sound: Buffer) => {
      await phone.play(sound)
      const session = house.model.sessions.at(-1)
      await eventually(
        () => session?.audioMs,
        () => session?.audio.includes(sound) === true
      )
    }
    await heardByModel(before)
    expect(lanes.caller).toHaveLength(0)
    call.context.answerRecording(true)
    await heardByModel(during)
    expect(lanes.caller.includes(during)).toBe(true)
    const resume = call.context.pauseRecording()
    const paused = lanes.caller.length
    await heardByModel(after)
    expect(lanes.caller).toHaveLength(paused)
    resume()
    call.context.answerRecording(false)
    await heardByModel(before)
    expect(lanes.caller.includes(after)).toBe(false)
    expect(lanes.caller.includes(before)).toBe(false)
    expect(other.lanes.caller.length).toBe(lanes.caller.length)
  })

  test('is refused in a sentence where LISTEN is false, without the token, and for a call that does not run', async () => {
    const off = await startConsole()
    const { phone } = await off.house.connect()
    expect(await refusedUpgrade(off.house, phone.callSid)).toMatchObject({ status: 403, code: 'listening_is_off' })
    expect(await audited(off.store)).toEqual([])
    const on = await startConsole('SQLite', { env })
    await on.store.db.insertInto('calls').values(aCall('CA1')).execute()
    expect(await refusedUpgrade(on.house, 'CA1', {})).toMatchObject({ status: 401 })
    expect(await refusedUpgrade(on.house, 'CA1')).toMatchObject({ status: 409, code: 'not_running' })
    expect(await refusedUpgrade(on.house, 'CA2')).toMatchObject({ status: 404 })
  })

  test('costs a call nothing while nobody listens, and nothing after', async () => {
    const { house } = await startConsole('SQLite', { env, model: obliging() })
    const { phone, call } = await house.connect()
    let taps = 0
    const { tap } = call.caller
    call.caller.tap = (given) => {
      taps += 1
      const untap = tap.call(call.caller, given)
      return () => {
        taps -= 1
        untap()
      }
    }
    expect(taps).toBe(0)
    const { socket } = await listenTo(house, phone.callSid)
    await eventually(
      () => taps,
      (count) => count === 1
    )
    socket.close()
    await eventually(
      () => taps,
      (count) => count === 0
    )
  })
})
