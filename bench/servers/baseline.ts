import type { AddressInfo } from 'node:net'
import formbody from '@fastify/formbody'
import websocket from '@fastify/websocket'
import { RealtimeAgent, RealtimeSession } from '@openai/agents/realtime'
import { TwilioRealtimeTransportLayer } from '@openai/agents-extensions'
import Fastify from 'fastify'
import { environment, loadConfig } from '../../src/config.ts'
import { answerParent } from './parent.ts'
import { streamTwiml } from './twiml.ts'

/** The SDK used plainly, as its Twilio guide shows: a transport and a session for each stream, and nothing else. */
const { openai } = loadConfig(environment)
const agent = new RealtimeAgent({ name: 'Agent', instructions: 'You answer the telephone. Be brief.' })

const app = Fastify()
await app.register(formbody)
await app.register(websocket)

app.post('/incoming-call', async (request, reply) => reply.type('text/xml').send(streamTwiml(request.host)))

app.get('/media-stream', { websocket: true }, async (socket) => {
  const transport = new TwilioRealtimeTransportLayer({ twilioWebSocket: socket })
  const session = new RealtimeSession(agent, {
    transport,
    model: openai.model,
    config: { audio: { output: { voice: openai.voice } } }
  })
  session.on('error', () => {})
  await session.connect({ apiKey: openai.apiKey, url: `${openai.url}?model=${openai.model}` })
  // The guide's agent waits for the caller. To time a greeting, this one requests an answer as soon as it can.
  transport.sendEvent({ type: 'response.create' })
})

await app.listen({ port: 0, host: '127.0.0.1' })
answerParent((app.server.address() as AddressInfo).port)
