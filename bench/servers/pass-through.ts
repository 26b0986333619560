import type { AddressInfo } from 'node:net'
import formbody from '@fastify/formbody'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { WebSocket } from 'ws'
import { environment, loadConfig } from '../../src/config.ts'
import { answerParent } from './parent.ts'
import { streamTwiml } from './twiml.ts'

/** A relay of the Realtime API without an SDK: JSON read and written both ways, marks, clear and truncation. */
const { openai } = loadConfig(environment)

const session = {
  type: 'realtime',
  model: openai.model,
  output_modalities: ['audio'],
  instructions: 'You answer the telephone. Be brief.',
  audio: {
    input: { format: { type: 'audio/pcmu' }, turn_detection: { type: 'server_vad' } },
    output: { format: { type: 'audio/pcmu' }, voice: openai.voice }
  }
}

const app = Fastify()
await app.register(formbody)
await app.register(websocket)

app.post('/incoming-call', async (request, reply) => reply.type('text/xml').send(streamTwiml(request.host)))
app.get('/media-stream', { websocket: true }, (twilio) => relay(twilio))

function relay(twilio: WebSocket): void {
  const model = new WebSocket(`${openai.url}?model=${openai.model}`, {
    headers: { Authorization: `Bearer ${openai.apiKey}` }
  })
  const toModel = (event: object) => model.send(JSON.stringify(event))
  const toTwilio = (frame: object) => twilio.send(JSON.stringify(frame))
  let streamSid = ''
  let latestMs = 0
  let answerBeganMs: number | undefined
  let lastItem: string | undefined
  const marks: string[] = []

  twilio.on('message', (data) => {
    const frame = JSON.parse(data.toString())
    if (frame.event === 'start') streamSid = frame.start.streamSid
    if (frame.event === 'mark') marks.shift()
    if (frame.event !== 'media') return
    latestMs = Number(frame.media.timestamp)
    if (model.readyState === WebSocket.OPEN) toModel({ type: 'input_audio_buffer.append', audio: frame.media.payload })
  })

  model.on('open', () => {
    toModel({ type: 'session.update', session })
    toModel({ type: 'response.create' })
  })

  model.on('message', (data) => {
    const event = JSON.parse(data.toString())
    if (event.type === 'response.output_audio.delta') {
      toTwilio({ event: 'media', streamSid, media: { payload: event.delta } })
      if (event.item_id !== lastItem) answerBeganMs = latestMs
      lastItem = event.item_id
      toTwilio({ event: 'mark', streamSid, mark: { name: 'part' } })
      marks.push('part')
    }
    if (event.type === 'input_audio_buffer.speech_started') onSpeech()
  })

  function onSpeech(): void {
    if (marks.length === 0 || lastItem === undefined || answerBeganMs === undefined) return
    const audio_end_ms = latestMs - answerBeganMs
    toModel({ type: 'conversation.item.truncate', item_id: lastItem, content_index: 0, audio_end_ms })
    toTwilio({ event: 'clear', streamSid })
    marks.length = 0
    lastItem = undefined
  }

  twilio.on('close', () => model.close())
  model.on('close', () => twilio.close())
  model.on('error', () => {})
}

await app.listen({ port: 0, host: '127.0.0.1' })
answerParent((app.server.address() as AddressInfo).port)
