import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Inbox } from '../../simulator/inbox.ts'
import { MediaStream } from '../../src/twilio/media-stream.ts'

export interface SentFrame {
  readonly event: string
  readonly media?: { readonly payload: string }
  readonly mark?: { readonly name: string }
}

/** A stream of its own, with no call behind it, and Twilio's end of it, which plays nothing by itself. */
export async function bareStream() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  onTestFinished(() => void server.close())
  const accepted = new Promise<MediaStream>((resolve) => {
    server.once('connection', (socket, request) => resolve(new MediaStream(socket, request.socket, 10_000)))
  })
  await once(server, 'listening')
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => socket.terminate())
  const frames = new Inbox<SentFrame>('frames', ({ event }) => event)
  socket.on('message', (data) => frames.push(JSON.parse(data.toString())))
  const stream = await accepted
  onTestFinished(() => stream.close('over'))
  if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open')
  const send = (frame: object | string) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  /** Sends what a stream begins with, and waits until it is read. */
  const start = async () => {
    const start = { streamSid: 'MZ1', callSid: 'CA1', customParameters: {} }
    send({ event: 'start', streamSid: 'MZ1', start })
    await once(stream, 'start')
  }
  return { stream, socket, frames, send, start }
}
