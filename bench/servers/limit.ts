import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { environment, loadConfig } from '../../src/config.ts'
import { answerParent } from './parent.ts'
import { streamTwiml } from './twiml.ts'

/**
 * The least work with `ws`: payloads are cut out of one message and put into the next. No JSON, no marks, no checks.
 */
const { openai } = loadConfig(environment)

const FORMAT = { type: 'audio/pcmu' }
const UPDATE = JSON.stringify({
  type: 'session.update',
  session: { type: 'realtime', audio: { input: { format: FORMAT }, output: { format: FORMAT } } }
})

const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/xml').end(streamTwiml(request.headers.host ?? ''))
})
const sockets = new WebSocketServer({ server, path: '/media-stream', perMessageDeflate: false })
sockets.on('connection', pipe)

function pipe(twilio: WebSocket): void {
  const model = new WebSocket(`${openai.url}?model=${openai.model}`, { perMessageDeflate: false })
  let streamSid = ''

  twilio.on('message', (data: Buffer) => {
    const text = data.toString('latin1')
    const audio = cut(text, '"payload":"')
    if (audio === undefined) streamSid = cut(text, '"streamSid":"') ?? streamSid
    else if (model.readyState === WebSocket.OPEN) model.send(`{"type":"input_audio_buffer.append","audio":"${audio}"}`)
  })
  model.on('open', () => {
    model.send(UPDATE)
    model.send('{"type":"response.create"}')
  })
  model.on('message', (data: Buffer) => {
    const text = data.toString('latin1')
    if (text.startsWith('{"type":"response.output_audio.delta"')) {
      const audio = cut(text, '"delta":"')
      twilio.send(`{"event":"media","streamSid":"${streamSid}","media":{"payload":"${audio}"}}`)
    } else if (text.startsWith('{"type":"input_audio_buffer.speech_started"')) {
      twilio.send(`{"event":"clear","streamSid":"${streamSid}"}`)
    }
  })
  twilio.on('close', () => model.close())
  model.on('close', () => twilio.close())
  model.on('error', () => {})
}

/** The string that follows a key. */
function cut(text: string, key: string): string | undefined {
  const at = text.indexOf(key)
  return at < 0 ? undefined : text.slice(at + key.length, text.indexOf('"', at + key.length))
}

server.listen(0, '127.0.0.1', 1_024, () => answerParent((server.address() as AddressInfo).port))
