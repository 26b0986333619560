import { describe, expect, onTestFinished, test } from 'vitest'
import { ModelSocket } from '../../src/model/socket.ts'
import { WarmSockets } from '../../src/model/warm-sockets.ts'
import { PracticeModel, type PracticeModelOptions } from '../../src/simulator/model/practice-model.ts'

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
