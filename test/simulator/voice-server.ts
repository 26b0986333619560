import formbody from '@fastify/formbody'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyRequest } from 'fastify'
import { onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { Inbox } from '../../simulator/inbox.ts'

export interface Asked {
  readonly method: string
  readonly path: string
  /** As the server received it, with its query. */
  readonly url: string
  readonly headers: FastifyRequest['headers']
  readonly params: Record<string, string>
}

export type Answer = string | { status?: number; type?: string; body: string } | 'never'

// biome-ignore lint/suspicious/noExplicitAny: whatever JSON the telephone sends is looked at field by field.
export type Received = any

/** One stream, seen from the server. */
export class ServerStream {
  readonly received = new Inbox<Received>('from the telephone', (frame) =>
    frame.event === 'media' ? `media ${frame.media.timestamp}` : JSON.stringify(frame)
  )
  readonly closed: Promise<{ code: number; reason: string }>
  readonly socket: WebSocket
  streamSid = ''

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data))
      this.streamSid ||= frame.streamSid ?? ''
      this.received.push(frame)
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }))
      socket.on('error', () => {})
    })
  }

  next(event: string): Promise<Received> {
    return this.received.next((frame) => frame.event === event)
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame))
  }

  media(mulaw: Buffer): void {
    this.send({ event: 'media', streamSid: this.streamSid, media: { payload: mulaw.toString('base64') } })
  }

  mark(name: string): void {
    this.send({ event: 'mark', streamSid: this.streamSid, mark: { name } })
  }

  clear(): void {
    this.send({ event: 'clear', streamSid: this.streamSid })
  }

  /** The caller's sound, in the order of the frames. */
  get sound(): Buffer {
    const frames = this.received.all.filter((frame) => frame.event === 'media')
    return Buffer.concat(frames.map((frame) => Buffer.from(frame.media.payload, 'base64')))
  }
}

export interface VoiceServer {
  readonly url: string
  readonly asked: Inbox<Asked>
  readonly streams: Inbox<ServerStream>
  readonly upgrades: Inbox<Asked>
}

/** A tiny voice server: TwiML by path, and a stream that answers or refuses. Closes itself after the test. */
export async function startVoiceServer(
  answers: Record<string, Answer>,
  upgrade: 'accept' | 'never' | number = 'accept'
): Promise<VoiceServer> {
  const app = Fastify({ forceCloseConnections: true })
  const testOver = Promise.withResolvers<void>()
  await app.register(formbody)
  await app.register(websocket)
  const asked = new Inbox<Asked>('asked', ({ method, url }) => `${method} ${url}`)
  const upgrades = new Inbox<Asked>('upgrades', ({ url }) => url)
  const streams = new Inbox<ServerStream>('streams', ({ streamSid }) => streamSid)

  app.get(
    '/media-stream',
    {
      websocket: true,
      preValidation: async (request, reply) => {
        upgrades.push(askedOf(request))
        if (upgrade === 'never') await testOver.promise
        if (upgrade !== 'accept') await reply.code(upgrade === 'never' ? 503 : upgrade).send()
      }
    },
    (socket) => streams.push(new ServerStream(socket))
  )
  app.all('/*', async (request, reply) => {
    const question = askedOf(request)
    asked.push(question)
    const answer = answers[question.path] ?? { status: 404, body: '' }
    if (answer === 'never') await testOver.promise
    const {
      status = 200,
      type = 'text/xml',
      body
    } = typeof answer === 'string' ? { body: answer } : (answer as Exclude<Answer, string>)
    return reply.code(status).type(type).send(body)
  })

  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(async () => {
    // A hook that never ends would keep the server from closing.
    testOver.resolve()
    await app.close()
  })
  return { url, asked, streams, upgrades }
}

function askedOf(request: FastifyRequest): Asked {
  const { method, url, headers } = request
  const params = (method === 'GET' ? request.query : request.body) as Record<string, string>
  return { method, url, headers, params: { ...params }, path: url.split('?')[0] ?? '' }
}

/** TwiML that connects the call to this server's stream, as Twilio knows it. */
export function connectTo(server: { url: string }, inside = '', attributes = '', after = ''): string {
  const url = `${server.url.replace(/^http/, 'ws').replace('ws:', 'wss:')}/media-stream`
  return `<Response><Connect ${attributes}><Stream url="${url}">${inside}</Stream></Connect>${after}</Response>`
}
