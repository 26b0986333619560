import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { Inbox } from '../../simulator/inbox.ts'
import { PracticeModel, type PracticeModelOptions } from '../../simulator/model/practice-model.ts'
import { appendFrame } from '../../src/realtime/append-frame.ts'
import { ModelSocket } from '../../src/realtime/socket.ts'
import { WarmSockets } from '../../src/realtime/warm-sockets.ts'
import { Base64 } from '../../src/wire/base64.ts'

async function startModel(options: PracticeModelOptions = {}) {
  const model = await PracticeModel.listen(options)
  onTestFinished(() => model.close())
  return { model, address: { url: model.url, model: 'gpt-realtime-2.1', apiKey: 'sk-practice' } }
}

describe('a socket that nobody listens to yet', () => {
  test('keeps what the model says, and gives it in order', async () => {
    const { model, address } = await startModel()
    const socket = new ModelSocket(address)
    onTestFinished(() => socket.close())
    await socket.opened
    const session = await model.nextSession()
    for (const type of ['one', 'two', 'three']) session.send({ type })
    const told: string[] = []
    const done = new Promise<void>((resolve) => {
      socket.addEventListener('message', ({ data = '' }) => {
        const { type } = JSON.parse(data)
        told.push(type)
        if (type === 'four') resolve()
      })
    })
    expect(told).toEqual([])
    socket.deliver()
    session.send({ type: 'four' })
    await done
    expect(told).toEqual(['session.created', 'one', 'two', 'three', 'four'])
  })

  test('and is refused ends no process', async () => {
    const { model, address } = await startModel()
    model.refuse({ status: 429 })
    const socket = new ModelSocket(address)
    await model.handshakes.next()
    await expect(socket.opened).rejects.toMatchObject({ trouble: 'refused', code: 429 })
  })

  test('and is closed while it opens never opens', async () => {
    const { model, address } = await startModel({ openMs: 100 })
    const socket = new ModelSocket(address)
    await model.handshakes.next()
    socket.close()
    socket.close()
    await expect(socket.opened).rejects.toMatchObject({ trouble: 'unreachable' })
    expect(model.sessions).toEqual([])
  })

  test('knows afterwards why it was lost', async () => {
    const { model, address } = await startModel()
    const socket = new ModelSocket(address)
    await socket.opened
    const session = await model.nextSession()
    const lost = new Promise((resolve) => socket.once('lost', resolve))
    session.drop(1011, 'server_error')
    expect(await lost).toMatchObject({ trouble: 'closed', code: 1011 })
    expect(socket.trouble).toMatchObject({ trouble: 'closed' })
    expect(socket.isClosed).toBe(true)
  })
})

describe('warm sockets', () => {
  const warmed = async () => {
    const { model, address } = await startModel()
    const warm = new WarmSockets(address)
    onTestFinished(() => warm.close())
    return { model, warm }
  }

  test('are opened once for a call, and given once', async () => {
    const { model, warm } = await warmed()
    warm.warm('CA1', undefined)
    warm.warm('CA1', undefined)
    const socket = warm.take('CA1')
    onTestFinished(() => socket?.close())
    await socket?.opened
    expect(socket).toBeDefined()
    expect(warm.take('CA1')).toBeUndefined()
    expect(model.handshakes.all).toHaveLength(1)
  })

  test('are never given to another call', async () => {
    const { warm } = await warmed()
    warm.warm('CA1', undefined)
    expect(warm.take('CA2')).toBeUndefined()
    expect(warm.size).toBe(1)
  })

  test('that nobody came for are closed', async () => {
    const { model, warm } = await warmed()
    warm.warm('CA1', undefined)
    const session = await model.nextSession()
    warm.discard('CA1')
    await session.closed
    expect(warm.size).toBe(0)
  })

  test('are closed with the server', async () => {
    const { model, warm } = await warmed()
    for (const callSid of ['CA1', 'CA2']) warm.warm(callSid, undefined)
    const sessions = [await model.nextSession(), await model.nextSession()]
    warm.close()
    await Promise.all(sessions.map(({ closed }) => closed))
  })
})

describe("the caller's audio", () => {
  /** A server that only reads what came, in order, as ws takes it from the frames. */
  async function openSocket() {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    onTestFinished(() => void server.close())
    const came = new Inbox<string>('messages')
    server.on('connection', (peer) => peer.on('message', (data) => came.push(data.toString())))
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = new ModelSocket({ url: `ws://127.0.0.1:${port}`, model: 'any', apiKey: 'sk-practice' })
    onTestFinished(() => socket.close())
    await socket.opened
    return { socket, came }
  }

  const append = (sound: Buffer) => `{"type":"input_audio_buffer.append","audio":"${sound.toString('base64')}"}`

  test('arrives whole at any length, and in order with what is sent between', async () => {
    const { socket, came } = await openSocket()
    // On both sides of the lengths that have headers of their own (RFC 6455, 5.2).
    for (const bytes of [3, 57, 60, 160, 161, 162, 49_116, 49_119, 100_000]) {
      const [one, other] = [randomBytes(bytes), randomBytes(bytes)]
      socket.appendAudio(Base64.encode(one))
      socket.appendAudio(Base64.encode(other))
      socket.send(`after ${bytes}`)
      socket.appendAudio(Base64.encode(one))
      const messages = [await came.next(), await came.next(), await came.next(), await came.next()]
      const areRight = messages.map((message, index) => {
        return message === [append(one), append(other), `after ${bytes}`, append(one)][index]
      })
      expect(areRight, `${bytes} bytes`).toEqual([true, true, true, true])
    }
  })

  test('is masked anew in each frame', () => {
    const frames = Array.from({ length: 3_000 }, () => appendFrame(Base64.encode(Buffer.alloc(160))))
    expect(new Set(frames.map((frame) => frame?.toString('latin1', 4, 8))).size).toBeGreaterThan(2_990)
  })

  test('that came before the call is over still reaches the model', async () => {
    const { socket, came } = await openSocket()
    const sound = Buffer.alloc(160, 0x2a)
    socket.appendAudio(Base64.encode(sound))
    socket.close()
    expect(await came.next()).toBe(append(sound))
  })
})
